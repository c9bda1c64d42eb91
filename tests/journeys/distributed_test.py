"""Two processes with two devices each: as one process with four devices."""

import json
import signal
import socket

import pytest
import small
from journeys import runs_test

STEPS = 60
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


# jaxgan.main, which waits for 10 seconds for a process that is gone, not 100.
IMPATIENT = """
import functools
import jax
from jaxgan import main

jax.distributed.initialize = functools.partial(
  jax.distributed.initialize, heartbeat_timeout_seconds=10)
main.run()
"""
# jaxgan.main, whose state is broken after the 55th iteration of a process.
BROKEN = """
import dataclasses
import jax
import jax.numpy as jnp
from jaxgan import main
from jaxgan.training import train

make, calls = train.step_lib.make_train_step, []

@jax.jit
def broken(state):
  return dataclasses.replace(state, variables=jax.tree.map(
    lambda x: x * jnp.nan if jnp.issubdtype(x.dtype, jnp.floating) else x,
    state.variables))

def make_train_step(problem, mesh):
  step = make(problem, mesh)
  def call(state, batch):
    calls.append(0)
    return step(broken(state) if len(calls) == 55 else state, batch)
  return call

train.step_lib.make_train_step = make_train_step
main.run()
"""


def start(workdir, *flags, own=((), ()), module='jaxgan.main', path=''):
  """Two processes of one run, each with flags of its own."""
  with socket.socket() as probe:
    probe.bind(('127.0.0.1', 0))
    port = probe.getsockname()[1]
  return [
    runs_test.start(
      small.environment(2, PYTHONPATH=str(path)), *FLAGS,
      f'--workdir={workdir}', *flags, '--distributed',
      f'--coordinator=127.0.0.1:{port}', '--processes=2',
      f'--process={process}', *own[process], module=module,
    )
    for process in range(2)
  ]  # fmt: skip


def finish(processes, *statuses):
  """The outputs of processes that end with these statuses, or with one."""
  try:
    outputs = [process.communicate(timeout=300)[0] for process in processes]
    ends = [process.returncode for process in processes]
    assert ends == list(statuses * (2 if len(statuses) == 1 else 1)), outputs
    return outputs
  finally:
    for process in processes:
      process.kill()  # SIGTERM is jax's own while it is distributed.


def checkpoints(workdir):
  return {int(p.name) for p in (workdir / 'checkpoints').iterdir()}


def test_killed_and_stopped_they_end_as_one_process(tmp_path):
  alone, together = tmp_path / 'alone', tmp_path / 'together'
  runs_test.command(small.environment(4), *FLAGS, f'--workdir={alone}')
  (tmp_path / 'impatient.py').write_text(IMPATIENT)
  first, second = start(together, module='impatient', path=tmp_path)
  runs_test.wait_for_step(first, together, 10)
  second.kill()
  # The other waits for it until JAX misses its heartbeats.
  output, _ = first.communicate(timeout=200)
  assert first.returncode not in (0, None), output
  # The same, or the network tells it at once.
  assert 'another task died' in output or 'closed by peer' in output
  second.communicate()
  pair = start(together)
  runs_test.wait_for_step(pair[0], together, 30)
  for process in pair:
    process.send_signal(signal.SIGTERM)
  outputs = finish(pair, 128 + signal.SIGTERM)
  assert all('which is saved' in output for output in outputs)
  finish(start(together), 0)
  check_equal(alone, together)


def check_equal(alone, together):
  """Curves and records of both are equal to 1 %, and they keep the same."""
  one, two = (runs_test.curve(folder) for folder in (alone, together))
  assert len(one) == 2 * STEPS // 10 + 1
  for row, other in zip(one, two, strict=True):
    assert numbers(row) == pytest.approx(numbers(other), rel=1e-2, abs=1e-3)
  # The newest, and the best by the metric.
  assert checkpoints(alone) == checkpoints(together)
  assert max(checkpoints(alone)) == STEPS
  # Of equal generators: not yet trained, noise and real data.
  one, two = (
    records(folder / 'evaluation.jsonl') for folder in (alone, together)
  )
  assert len(one) == STEPS // 10 + 1
  assert one[0]['value'] == pytest.approx(two[0]['value'], rel=1e-5)
  for first, other in zip(one, two, strict=True):
    assert first['ceiling'] == pytest.approx(other['ceiling'], rel=1e-5)
    assert first['value'] == pytest.approx(other['value'], rel=1e-2)
    assert first['reference_sha256'] == other['reference_sha256']


def records(path):
  return [json.loads(line) for line in path.read_text().splitlines()]


def numbers(row):
  return {k: v for k, v in row.items() if isinstance(v, int | float)}


def test_they_roll_back_and_are_evaluated_as_one_process(tmp_path):
  (tmp_path / 'broken.py').write_text(BROKEN)
  options = {'module': 'broken', 'path': tmp_path}
  alone, together = tmp_path / 'alone', tmp_path / 'together'
  rollback = '--config.guard.action=rollback'
  runs_test.command(
    small.environment(4, PYTHONPATH=str(tmp_path)), *FLAGS, rollback,
    f'--workdir={alone}', module='broken',
  )  # fmt: skip
  finish(start(together, rollback, **options), 0)
  for folder in (alone, together):
    (fact,) = json.loads((folder / 'rollbacks.json').read_text())['rollbacks']
    assert fact['to'] == 50
    assert 'not finite at step 55' in fact['because']
  check_equal(alone, together)
  values = []
  for folder in (alone, together):
    out = tmp_path / f'{folder.name}.jsonl'
    runs_test.command(
      small.environment(), f'--workdir={folder}', f'--out={out}',
      '--metrics=kid200_digits,swd200_pixels', module='jaxgan.evaluate',
    )  # fmt: skip
    values.append([each['value'] for each in records(out)])
  assert values[0] == pytest.approx(values[1], rel=1e-2)


@pytest.mark.parametrize(
  ('own', 'sentence'),
  [
    (('--config.seed=1',), 'which differs in seed (0 there, 1 now)'),
    (('--workdir={}/other',), 'Process 1 does not find the files of process 0'),
  ],
)
def test_different_starts_end_with_a_sentence(tmp_path, own, sentence):
  own = [flag.format(tmp_path) for flag in own]
  processes = start(tmp_path / 'run', own=((), own))
  outputs = [process.communicate(timeout=300)[0] for process in processes]
  assert {process.returncode for process in processes} <= {2, 3}
  for output in outputs:
    assert sentence in output.strip().splitlines()[-1]
  assert not (tmp_path / 'run' / 'config.json').exists()


def test_a_failure_of_the_first_process_ends_the_second(tmp_path):
  few = '--config.eval.split=train[:100]', '--config.checkpoint.best_metric='
  metrics = "--config.eval.metrics=('kid101_digits',)"
  one, two = finish(start(tmp_path, *few, metrics), 2, 3)
  assert 'kid101_digits needs 101 real' in one.splitlines()[-1]
  assert 'process 0 has failed (kid101_digits needs' in two.splitlines()[-1]


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
