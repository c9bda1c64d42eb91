"""Whole runs are timed as separate processes and as one."""

import shutil
import sys

import pytest

from jaxgan.benchmark import runs
from jaxgan.benchmark.settings import Settings


def test_devices_share_the_seeds_evenly():
  with pytest.raises(ValueError, match='--seeds is 3 and --devices is 2'):
    runs.measure(Settings(net='small_toy', seeds=3), devices=2)


def test_a_process_that_fails_is_an_error(monkeypatch):
  monkeypatch.setattr(sys, 'executable', shutil.which('false'))
  with pytest.raises(ValueError, match='trains 1 runs ended with status 1'):
    runs.measure(Settings(net='small_toy'))
