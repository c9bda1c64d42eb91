"""Callbacks: functions and trackers of a run, and MLflow as one of them."""

import numpy as np
import pytest
import small

import jaxgan
from jaxgan.gan import sharding
from jaxgan.training.callbacks import Callbacks, Start, Tracker


@pytest.fixture(autouse=True)
def one_device(monkeypatch):
  monkeypatch.setattr(sharding, 'make_mesh', small.mesh)


class Recorder(Tracker):
  """Keeps all calls."""

  def __init__(self, fails_at=None):
    self.calls = []
    self.fails_at = fails_at

  def on_start(self, start):
    self.calls.append(('start', start.step, start.config['train.steps']))
    self.id = start.id

  def on_scalars(self, step, scalars):
    self.calls.append(('scalars', step, 'gap' in scalars))
    if step == self.fails_at:
      raise KeyError('no connection')

  def on_image(self, step, name, image):
    assert image.dtype == np.uint8
    assert image.ndim == 3
    self.calls.append(('image', step, name))

  def on_records(self, step, records):
    self.calls.append(('records', step, records[0]['metric']))

  def on_end(self, status):
    self.calls.append(('end', status))


def config(steps):
  return jaxgan.load_config(
    'digits:tiny',
    {
      'train.steps': steps, 'log.every_steps': 2, 'eval.every_steps': 2,
      'eval.metrics': ('w1_15_pixels',), 'checkpoint.every_steps': 2,
      'log.tensorboard': False,
    },
  )  # fmt: skip


def test_a_tracker_follows_a_run_and_its_resumption(tmp_path):
  first, function = Recorder(), []
  callbacks = [first, lambda step, scalars: function.append(step)]
  jaxgan.train(config(2), tmp_path, callback=callbacks)
  evaluated = lambda step: [
    ('scalars', step, False), ('records', step, 'w1_15_pixels'),
  ]  # fmt: skip
  assert first.calls == [
    ('start', 0, 2), ('image', 0, 'real'), ('image', 0, 'generated'),
    *evaluated(0), ('scalars', 2, True), ('image', 2, 'generated'),
    *evaluated(2), ('end', 'finished'),
  ]  # fmt: skip
  assert function == [2]
  second = Recorder(fails_at=4)
  with pytest.raises(KeyError, match='no connection'):
    jaxgan.train(config(4), tmp_path, callback=second)
  assert second.calls == [
    ('start', 2, 4), ('scalars', 4, True), ('end', 'failed'),
  ]  # fmt: skip
  assert second.id == first.id


def test_a_callback_of_another_kind_is_refused():
  with pytest.raises(ValueError, match='callback is 3; it must be a function'):
    Callbacks([Recorder(), 3])


def test_every_tracker_that_started_hears_of_the_end(tmp_path):
  class Fails(Tracker):
    def on_end(self, status):
      raise KeyError(status)

  class NeverStarts(Recorder):
    def on_start(self, start):
      raise OSError('no server')

  last, never = Recorder(), NeverStarts()
  callbacks = Callbacks([Fails(), last, never])
  with pytest.raises(OSError, match='no server'):
    callbacks.start(Start(tmp_path, 'a', {'train.steps': 1}, 0))
  with pytest.raises(KeyError):
    callbacks.end('failed')
  assert last.calls == [('start', 0, 1), ('end', 'failed')]
  assert never.calls == []
