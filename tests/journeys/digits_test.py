"""The first command of the README, to its end, judged by a classifier."""

import os
import pathlib
import subprocess
import sys

import numpy as np
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.svm import SVC

ROOT = pathlib.Path(__file__).parents[2]


def judge():
  """A classifier of real digits, right on at least 97 % of unseen ones."""
  digits = load_digits()
  seen, unseen, labels, answers = train_test_split(
    digits.data * 255 / 16, digits.target, random_state=0
  )
  model = CalibratedClassifierCV(SVC(C=10.0), ensemble=False)
  model.fit(seen, labels)
  assert model.score(unseen, answers) >= 0.97
  return model


def run(module, *arguments):
  environment = {k: v for k, v in os.environ.items() if k != 'XLA_FLAGS'}
  environment.pop('JAX_DISABLE_MOST_OPTIMIZATIONS', None)
  subprocess.run(
    [sys.executable, '-m', module, *arguments],
    cwd=ROOT, env=environment, check=True,
  )  # fmt: skip


@pytest.mark.slow
def test_the_digits_of_the_first_run_are_recognised(tmp_path):
  run('jaxgan.main', '--config=configs/digits.py', f'--workdir={tmp_path}/run')
  out = tmp_path / 'samples.npz'
  run(
    'jaxgan.sample', f'--workdir={tmp_path}/run', '--num=1000', f'--out={out}'
  )
  samples = np.load(out)['images'].reshape(1000, -1).astype(float)
  probabilities = judge().predict_proba(samples)
  counts = np.bincount(probabilities.argmax(axis=1), minlength=10)
  print(counts, probabilities.max(axis=1).mean())
  assert (counts >= 10).sum() >= 8, counts  # 1 % of the samples is present.
  assert probabilities.max(axis=1).mean() >= 0.8
