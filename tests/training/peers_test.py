"""One process of several fails: it tells the others, and they end."""

import json
import threading

import pytest

from jaxgan.training import peers
from jaxgan.training.failures import RunFailed


class Store:
  """The key-value store of jax.distributed."""

  def __init__(self):
    self.values = {}

  def key_value_set(self, key, value):
    if key in self.values:
      raise RuntimeError('ALREADY_EXISTS')
    self.values[key] = value

  def key_value_try_get(self, key):
    if key not in self.values:
      raise RuntimeError('NOT_FOUND')
    return self.values[key]


@pytest.fixture
def store():
  return Store()


def is_process(monkeypatch, index):
  monkeypatch.setattr(peers.jax, 'process_index', lambda: index)


@pytest.fixture
def ended(monkeypatch):
  """The exit statuses of processes that would have ended."""
  statuses = []
  monkeypatch.setattr(peers, '_exit', statuses.append)
  for name in ('_POLL', '_GRACE', '_STAY'):
    monkeypatch.setattr(peers, name, 0.01)
  return statuses


def fail(store, error, status=2):
  """A process that fails; `cli.run` prints the error, or raises it."""
  failing = peers.Peers(store)

  def command():
    try:
      with failing.reporting():
        raise error
    except (ValueError, RunFailed):
      return status

  return failing, lambda: failing.run(command)


class Waiting(threading.Event):
  """An event of which waiting is over after so many looks."""

  def __init__(self, looks):
    super().__init__()
    self.looks = looks

  def wait(self, timeout=None):
    self.looks -= 1
    return self.looks < 0 or super().wait(timeout)


def look(process, looks=4):
  """What the thread of a process does, for so many looks."""
  process._stopped = Waiting(looks)
  process._watch()


def test_the_others_end_with_the_sentence(store, ended, capsys, monkeypatch):
  other = peers.Peers(store)
  look(other)
  assert not ended
  _, run = fail(store, ValueError('The weights are missing.'))
  run()
  is_process(monkeypatch, 1)
  look(other, looks=2)
  assert ended == [2, 3]
  assert (
    'jaxgan: process 0 has failed (The weights are missing), so this one ends '
    'too; the same command on all hosts resumes the run.\n'
  ) in capsys.readouterr().err


def test_a_bug_has_its_traceback_and_status_1(store, ended, capsys):
  fail(store, KeyError('x'))[1]()
  assert ended == [1]
  assert "KeyError: 'x'" in capsys.readouterr().err
  assert json.loads(*store.values.values())['text'] == "KeyError('x')"


def test_a_collective_that_fails_has_the_sentence_of_its_cause(
  store, ended, capsys, monkeypatch
):
  fail(store, ValueError('other seed'))[1]()
  is_process(monkeypatch, 1)
  fail(store, RuntimeError('Gloo: Connection closed by peer'))[1]()
  assert ended == [2, 3]
  text = capsys.readouterr().err
  assert 'process 0 has failed (other seed)' in text
  assert 'Traceback' not in text


def test_what_all_processes_find_is_not_told(store, ended):
  assert fail(store, RunFailed('collapse'), 3)[1]() == 3
  assert not store.values
  assert not ended


def test_two_that_fail_at_once_end_by_themselves(store, ended, capsys):
  failing = [fail(store, ValueError(text)) for text in 'ab']
  for _, run in failing:
    run()
  for process, _ in failing:
    look(process)
  assert ended == [2, 2]
  assert 'has failed' not in capsys.readouterr().err


def test_its_thread_is_done_before_jax_disconnects(store, ended, monkeypatch):
  at_exit = []
  monkeypatch.setattr(
    peers.atexit, 'register', lambda *call: at_exit.append(call)
  )
  peers.Peers(store).watch()
  ((stop, thread),) = at_exit
  assert thread.is_alive()
  stop(thread)
  assert not thread.is_alive()
  assert not ended


def test_a_command_that_succeeds_keeps_its_status(store, ended):
  assert peers.Peers(store).run(lambda: 0) == 0
  assert not ended
