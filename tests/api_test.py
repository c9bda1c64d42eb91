"""The public API: from a config to samples and records, in one process."""

import jax
import numpy as np
import pytest

import jaxgan
from jaxgan.gan import sharding


@pytest.fixture(autouse=True)
def one_device(monkeypatch):
  mesh = jax.sharding.Mesh(np.array(jax.devices()[:1]), ('data',))
  monkeypatch.setattr(sharding, 'make_mesh', lambda: mesh)


def test_train_sample_evaluate_and_open_again(tmp_path):
  config = jaxgan.load_config(
    'digits:tiny', {'train.steps': 4, 'log.report': True}
  )
  steps = []
  run = jaxgan.train(
    config, tmp_path / 'run', callback=lambda step, scalars: steps.append(step)
  )
  assert steps == [3, 4]
  assert [row['step'] for row in run.metrics()] == [1, 2, 3, 4]
  assert (tmp_path / 'run' / 'report.html').exists()
  images = run.sample(5, seed=3)
  assert (images.shape, images.dtype) == ((5, 8, 8, 1), np.uint8)
  (record,) = run.evaluate(['w1_100_pixels'], weights='raw')
  assert (record.metric, record.weights) == ('w1_100_pixels', 'raw')
  assert record.step == 4
  assert (tmp_path / 'run' / 'evaluation.jsonl').read_text().count('\n') == 1
  again = jaxgan.load_run(tmp_path / 'run')
  assert again.config == config
  np.testing.assert_array_equal(again.sample(5, seed=3), images)
  assert (again.sample(5, seed=4) != images).any()
  assert (again.sample(5, seed=3, weights='raw') != images).any()


@pytest.mark.slow
def test_labels_are_chosen(tmp_path):
  config = jaxgan.load_config('zoo/cgan:tiny', {'train.steps': 1})
  run = jaxgan.train(config, tmp_path)
  np.testing.assert_array_equal(run.sample(1, label=0), run.sample(10)[:1])
  with pytest.raises(ValueError, match='label'):
    run.sample(1, label=10)
  with pytest.raises(ValueError, match='label is -1; it must be at least 0'):
    run.sample(1, label=-1)


@pytest.mark.slow
def test_errors_are_sentences(tmp_path):
  with pytest.raises(ValueError, match='There is no config'):
    jaxgan.load_config('digit')
  with pytest.raises(ValueError, match='holds no run'):
    jaxgan.load_run(tmp_path)
  config = jaxgan.load_config('toy:tiny', {'train.steps': 1})
  run = jaxgan.train(config, tmp_path)
  with pytest.raises(ValueError, match='num is 0; it must be at least 1'):
    run.sample(0)
  with pytest.raises(ValueError, match=r"weights is 'mean'.* one of ema, raw"):
    run.sample(1, weights='mean')
