"""Two processes with two devices each: as one process with four devices."""

import os
import signal
import socket

import pytest
from journeys import runs_test

STEPS = 120
FLAGS = (
  *runs_test.RUN,
  f'--config.train.steps={STEPS}',
  '--config.eval.every_steps=10',
  '--config.checkpoint.max_to_keep=1',
  '--config.checkpoint.best_metric=kid50_digits',
  "--config.eval.metrics=('kid50_digits',)",
  # Adam would divide by tiny second moments, and so make rounding visible.
  '--config.optim.gen.name=sgd',
  '--config.optim.critic.name=sgd',
)
pytestmark = pytest.mark.slow


def environment(devices):
  flags = f'--xla_force_host_platform_device_count={devices}'
  return os.environ | {'XLA_FLAGS': flags}


def start(workdir, *flags):
  """Two processes of one run."""
  with socket.socket() as probe:
    probe.bind(('127.0.0.1', 0))
    port = probe.getsockname()[1]
  return [
    runs_test.start(
      environment(2), *FLAGS, f'--workdir={workdir}', *flags, '--distributed',
      f'--coordinator=127.0.0.1:{port}', '--processes=2',
      f'--process={process}',
    )
    for process in range(2)
  ]  # fmt: skip


def finish(processes, status):
  try:
    return [runs_test.finish(process, status) for process in processes]
  finally:
    for process in processes:
      process.kill()  # SIGTERM is jax's own while it is distributed.


def checkpoints(workdir):
  return {int(p.name) for p in (workdir / 'checkpoints').iterdir()}


def test_killed_and_stopped_they_end_as_one_process(tmp_path):
  alone, together = tmp_path / 'alone', tmp_path / 'together'
  runs_test.command(environment(4), *FLAGS, f'--workdir={alone}')
  first, second = start(together)
  runs_test.wait_for_step(first, together, 20)
  for process in (second, first):  # Alone it waits until JAX gives up.
    process.kill()
    process.communicate()
  pair = start(together)
  runs_test.wait_for_step(pair[0], together, 60)
  for process in pair:
    process.send_signal(signal.SIGTERM)
  outputs = finish(pair, 128 + signal.SIGTERM)
  assert all('which is saved' in output for output in outputs)
  finish(start(together), 0)
  one, two = (runs_test.curve(folder) for folder in (alone, together))
  assert len(one) == 2 * STEPS // 10 + 1
  for row, other in zip(one, two, strict=True):
    assert row == pytest.approx(other, rel=1e-2, abs=1e-3)
  # The newest, and the best by a metric that the first process measures.
  assert checkpoints(alone) == checkpoints(together)
  assert max(checkpoints(alone)) == STEPS


def test_they_roll_back_together(tmp_path):
  outputs = finish(
    start(
      tmp_path, '--config.optim.gen.lr=1e30', '--config.guard.action=rollback',
      '--config.checkpoint.every_steps=1', '--config.eval.every_steps=1',
      '--config.log.every_steps=1',
    ),
    3,
  )  # fmt: skip
  ends = {output.strip().splitlines()[-1] for output in outputs}
  assert len(ends) == 1
  assert 'not finite at step 1. There is no checkpoint' in ends.pop()
