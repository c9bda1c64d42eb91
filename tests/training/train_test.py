"""A run from its configuration to its last state, in this process."""

import dataclasses

import chex
import pytest
import small

from jaxgan.gan import sharding as mesh_lib
from jaxgan.training import train


def config(steps, **sections):
  return small.config(
    **{
      **sections,
      'train': {'steps': steps, 'batch_size': 8, **sections.get('train', {})},
      'log': {'every_steps': 1, 'tensorboard': False},
      'eval': {'every_steps': 100, 'num_images': 4},
    }
  )


def test_batches_grow_and_a_resumed_run_is_the_same(tmp_path, monkeypatch):
  monkeypatch.setattr(mesh_lib, 'make_mesh', small.mesh)
  grows = {'train': {'batch_doubles_at': (1, 3)}}
  whole = train.train_and_evaluate(config(5, **grows), tmp_path / 'whole')
  train.train_and_evaluate(config(2, **grows), tmp_path / 'cut')
  cut = train.train_and_evaluate(
    config(5, **grows), tmp_path / 'cut', accept_new_config=True
  )
  chex.assert_trees_all_equal(whole.variables, cut.variables)
  plain = train.train_and_evaluate(config(5), tmp_path / 'plain')
  weights = [s.control.gap_ema for s in (whole, plain)]
  assert float(weights[0]) != float(weights[1])


def test_a_callback_is_called_at_evaluations_and_may_end_the_run(
  tmp_path, monkeypatch
):
  monkeypatch.setattr(mesh_lib, 'make_mesh', small.mesh)
  settings = config(6, checkpoint={'every_steps': 2})
  often = dataclasses.replace(settings.eval, every_steps=2)
  settings = dataclasses.replace(settings, eval=often)
  seen = []

  def callback(step, scalars):
    seen.append((step, 'gap' in scalars))
    if len(seen) == 2:
      raise KeyError('enough')

  with pytest.raises(KeyError, match='enough'):
    train.train_and_evaluate(settings, tmp_path, callback=callback)
  assert seen == [(2, True), (4, True)]
  saved = {p.name for p in (tmp_path / 'checkpoints').iterdir()}
  assert saved == {'2', '4'}
  train.train_and_evaluate(
    settings, tmp_path, callback=lambda *at: seen.append(at)
  )
  assert [step for step, _ in seen] == [2, 4, 6]
