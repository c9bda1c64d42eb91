"""Processes that are alone although a launcher has started several."""

import json

import numpy as np
import pytest

from jaxgan.config import Config, to_dict
from jaxgan.training import processes


@pytest.mark.parametrize(
  ('environment', 'words'),
  [
    ({'SLURM_STEP_NUM_TASKS': '4'}, "SLURM_STEP_NUM_TASKS is '4', so this is"),
    ({'OMPI_COMM_WORLD_SIZE': '2'}, 'one of 2 processes'),
    ({'TPU_WORKER_HOSTNAMES': 'a,b,c'}, 'one of 3 .* add --distributed'),
  ],
)
def test_a_job_of_several_needs_distributed(environment, words):
  with pytest.raises(ValueError, match=words):
    processes.check_alone(environment)


@pytest.mark.parametrize(
  'environment',
  [{}, {'SLURM_STEP_NUM_TASKS': '1'}, {'TPU_WORKER_HOSTNAMES': 'localhost'}],
)
def test_a_job_of_one_does_not(environment):
  processes.check_alone(environment)


def test_devices_of_others_need_distributed(monkeypatch):
  monkeypatch.setattr(processes.jax, 'process_count', lambda: 4)
  with pytest.raises(ValueError, match='belong to 4 processes, and'):
    processes.check_started()


def test_without_a_cluster_the_flags_are_named():
  with pytest.raises(ValueError, match='--coordinator, --processes and'):
    processes.start(None, None, None, None)


def test_one_process_keeps_its_values():
  assert processes.agree([0.1, 2.0]) == [0.1, 2.0]
  assert processes.from_first(lambda: {'a': (1,)}) == {'a': (1,)}
  processes.check_same(Config())


@pytest.fixture
def second(monkeypatch):
  """The second of two processes; what the first one sends is in a list."""
  sent = []
  monkeypatch.setattr(processes.jax, 'process_count', lambda: 2)
  monkeypatch.setattr(processes.jax, 'process_index', lambda: 1)
  monkeypatch.setattr(
    processes.multihost_utils, 'broadcast_one_to_all', lambda own: sent.pop(0)
  )
  return sent


def send(sent, values):
  text = json.dumps(values).encode()
  size = np.array([len(text)], np.float64).view(np.uint8)
  sent += [size, np.frombuffer(text.ljust(2048), np.uint8)]


def test_values_of_the_first_are_exact(second):
  second.append(np.array([0.1, 1e300]).view(np.uint8))
  assert processes.agree([0.0, 0.0]) == [0.1, 1e300]
  values = [{'to': 20, 'because': 'λ' * 600}, 0.1]
  send(second, values)
  assert processes.from_first(lambda: pytest.fail('of the first')) == values


def test_another_configuration_than_that_of_the_first(second):
  send(second, to_dict(Config(seed=7)))
  with pytest.raises(ValueError, match=r'Process 1 .* seed \(7 there, 0 now\)'):
    processes.check_same(Config())


@pytest.mark.parametrize('shared', [True, False])
def test_a_folder_that_is_not_shared(second, tmp_path, monkeypatch, shared):
  monkeypatch.setattr(
    processes.multihost_utils, 'process_allgather',
    lambda own: np.array([True, own]),
  )  # fmt: skip
  monkeypatch.setattr(processes.time, 'sleep', lambda seconds: None)
  send(second, 'token')
  send(second, True)
  if shared:
    (tmp_path / 'token').touch()
    processes.check_shared(tmp_path)
  else:
    with pytest.raises(ValueError, match=r'^Process 1 does not find the files'):
      processes.check_shared(tmp_path)
