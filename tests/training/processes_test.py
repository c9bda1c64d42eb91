"""Processes that are alone although a launcher has started several."""

import pytest

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
