"""A run from its configuration to its last state, in this process."""

import dataclasses
import gc

import chex
import data_testing
import jax
import pytest
import small

from jaxgan.config import from_config_dict, replace, to_dict
from jaxgan.gan import sharding as mesh_lib
from jaxgan.storage import workdir
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


@pytest.mark.slow
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


@pytest.mark.slow
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


def changed(settings, **changes):
  """A configuration with some values by key, as net__gen_widths=(16,)."""
  keys = {key.replace('__', '.'): value for key, value in changes.items()}
  return from_config_dict(replace(to_dict(settings), keys))


def test_a_refused_start_writes_nothing_and_a_corrected_one_runs(
  tmp_path, monkeypatch
):
  monkeypatch.setattr(mesh_lib, 'make_mesh', small.mesh)
  images = data_testing.random_images(16, 6, 5, 1)
  pictures = data_testing.write_folder(tmp_path / 'pictures', images)
  (pictures / 'bad.png').write_bytes(b'no picture')
  right = changed(
    config(1),
    data__name='folder', data__path=str(pictures), data__image_size=6,
    data__image_width=5, data__on_bad_image='skip',
  )  # fmt: skip
  folder = tmp_path / 'run'
  for refusal, changes in {
    'bad.png': {'data__on_bad_image': 'error'},
    'no-such-folder': {'data__path': str(tmp_path / 'no-such-folder')},
    'train.batch_size': {'train__batch_size': 5000},
    'net.classes': {'net__classes': 3},
    'no-such-file': {
      'penalty__controller': 'replay', 'penalty__replay': 'no-such-file',
    },
    'net inception': {'eval__metrics': ('fid10_inception',)},
    'there are 16': {'eval__metrics': ('w1_1000_pixels',)},
  }.items():  # fmt: skip
    with pytest.raises((ValueError, OSError), match=refusal):
      train.train_and_evaluate(changed(right, **changes), folder)
    assert {path.name for path in folder.iterdir()} <= {'.lock'}, refusal
  train.train_and_evaluate(right, folder)
  assert workdir.load_config(folder) == right
  assert workdir.load_data(folder)['num_examples'] == 16


def test_a_configuration_that_does_not_fit_the_state_changes_no_file(
  tmp_path, monkeypatch
):
  monkeypatch.setattr(mesh_lib, 'make_mesh', small.mesh)
  train.train_and_evaluate(config(1), tmp_path)
  before = {p: p.stat().st_mtime_ns for p in tmp_path.rglob('*')}
  other = changed(
    config(2),
    net__gen_widths=(16,), optim__critic__name='rmsprop', optim__gen__lr=0.5,
    eval__num_images=9,
  )  # fmt: skip
  with pytest.raises(ValueError, match='does not fit') as caught:
    train.train_and_evaluate(other, tmp_path, accept_new_config=True)
  sentence = str(caught.value)
  assert 'net.gen_widths ([8] there, [16] now)' in sentence
  assert 'optim.critic.name (adam there, rmsprop now)' in sentence
  assert 'lr' not in sentence
  assert 'eval' not in sentence
  after = {p: p.stat().st_mtime_ns for p in tmp_path.rglob('*')}
  del before[tmp_path / '.lock'], after[tmp_path / '.lock']
  assert after == before
  # It is a healthy run, which may be trained for longer without an override.
  longer = changed(
    config(2), log__every_steps=2, checkpoint__best_metric='gap',
    guard__action='off', eval__every_steps=1,
  )  # fmt: skip
  assert int(train.train_and_evaluate(longer, tmp_path).step) == 2
  assert workdir.load_config(tmp_path) == longer
  assert (tmp_path / 'config.1.json').exists()


@pytest.mark.slow
def test_a_resumed_run_holds_one_state_on_the_device(tmp_path, monkeypatch):
  monkeypatch.setattr(mesh_lib, 'make_mesh', small.mesh)
  settings = changed(config(1), eval__every_steps=1, net__gen_widths=(37,))
  live = []

  def callback(step, scalars):
    del step, scalars
    gc.collect()
    live.append(sum(37 in x.shape for x in jax.live_arrays()))

  for steps in (1, 2):
    train.train_and_evaluate(
      changed(settings, train__steps=steps),
      tmp_path,
      accept_new_config=True,
      callback=callback,
    )
    gc.collect()
  assert live[0] > 0
  assert live[1] == live[0]
