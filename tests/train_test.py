"""A run from its configuration to its last state, in this process."""

import chex
import small

from jaxgan import mesh as mesh_lib
from jaxgan import train


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
