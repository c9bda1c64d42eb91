"""Runs of earlier versions still open: `references/run_0_1.tar.gz`.

It holds a run of version 0.1.0 (`digits.py:tiny`, 10 steps) without its event
files, and eight samples that version drew from it with seed 0.
"""

import tarfile

import jax
import numpy as np
import pytest

import jaxgan
from jaxgan.gan import sharding


@pytest.fixture
def folder(root, tmp_path, monkeypatch):
  mesh = jax.sharding.Mesh(np.array(jax.devices()[:1]), ('data',))
  monkeypatch.setattr(sharding, 'make_mesh', lambda: mesh)
  with tarfile.open(root / 'tests/references/run_0_1.tar.gz') as archive:
    archive.extractall(tmp_path, filter='data')
  return tmp_path / 'run_0_1'


def test_a_run_of_version_0_1_is_sampled(folder):
  expected = np.load(folder / 'samples_seed_0.npz')['images']
  images = jaxgan.load_run(folder).sample(64)[:8]
  # Another machine may round the last bit of a pixel differently.
  assert np.abs(images.astype(int) - expected).max() <= 1


def test_a_run_of_version_0_1_is_resumed(folder):
  config = jaxgan.load_config(
    'digits:tiny',
    {
      'train.steps': 12, 'log.every_steps': 1, 'checkpoint.every_steps': 5,
      'checkpoint.max_to_keep': 5,
    },
  )  # fmt: skip
  run = jaxgan.train(config, folder, accept_new_config=True)
  assert run.generator().step == 12
  assert [row['step'] for row in run.metrics()] == list(range(1, 13))
