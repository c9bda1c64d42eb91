"""A study that was never run: learning curves whose truth is known."""

import numpy as np

from jaxgan.study.results import Row
from jaxgan.study.spec import Arm, Study, Task
from jaxgan.types import METRICS

STEPS, EVERY = 1600, 100
EXACT = 'w1_2048_pixels'


def study(effects, *, seeds=12, tasks=('rings',), families=None, tuned=()):
  """Arms by name -> factor of the whole curve; `base` and `again` are added.

  Args:
    effects: arm -> factor, told apart only by `rows`.
    seeds: of the test.
    tasks: names.
    families: arm -> family.
    tuned: names of arms that tune.
  """
  families = families or {}
  names = dict.fromkeys(('base', 'again', *effects))
  return Study(
    name='synthetic',
    base={'train': {'steps': STEPS}},
    tasks=tuple(Task(x, (EXACT, 'fid100_digits'), EXACT, 0.3) for x in tasks),
    arms=tuple(
      Arm(x, family=families.get(x, ''), tunes=x in tuned) for x in names
    ),
    baseline='base',
    again='again',
    tuning_seeds=(100, 101, 102),
    seeds=tuple(range(seeds)),
    every_steps=EVERY,
  )


def rows(of, effects=(), noise=0.05, spread=0.5, coverage=1.2):
  """All rows of a study: factor x luck of the seed x noise x falling curve."""
  factors = {'base': 1.0, 'again': 1.0, **dict(effects)}
  found = []
  for task in of.tasks:
    for arm in of.arms:
      for seed in of.tuning_seeds if arm.tunes else of.seeds:
        name = 'base' if arm.name == 'again' else arm.name
        found += run(of, task, arm.name, seed, noise=(noise, name),
                     factor=factors[arm.name], spread=spread,
                     coverage=coverage)  # fmt: skip
  return found


def run(of, task, arm, seed, *, noise, factor, spread, coverage=1.2):
  """The rows of one run; those of one seed share the seed's luck."""
  scale, name = noise
  luck = np.random.default_rng([seed, len(task.name)]).normal()
  own = np.random.default_rng([seed, *name.encode()])
  steps = np.array(of.grid(task))
  falling = 0.1 + 0.9 * np.exp(-steps / 400)
  jitter = scale * own.normal(size=len(steps))
  values = factor * np.exp(spread * 0.3 * luck + jitter) * falling
  values[0] = np.exp(0.1 * luck)  # One start for all arms.
  return [
    Row(
      task.name, arm, seed, int(step), _metrics(task, value, step),
      _trace(value, step, coverage),
    )
    for step, value in zip(steps, values, strict=True)
  ]  # fmt: skip


def changed(rows, arm, seed, values):
  """The rows with other values (step -> metric) in one run."""
  return [
    row._replace(metrics={k: values.get(row.step, v)
                          for k, v in row.metrics.items()})
    if (row.arm, row.seed) == (arm, seed) else row
    for row in rows
  ]  # fmt: skip


def _metrics(task, value, step):
  metrics = dict.fromkeys(task.metrics, float(value))
  if step == STEPS:
    metrics |= {f'ema/{name}': 0.9 * float(value) for name in task.metrics}
  return metrics


def _trace(exact, step, coverage):
  """The theory's slope at weight 0.5, with the coverage asked."""
  if step == 0:
    return {}
  slope = 1 + coverage * exact / (2 * 0.5)
  return {
    **dict.fromkeys(METRICS, 0.1),
    'weight': 0.5, 'ratio': 1 - step / (2 * STEPS), 'slope': slope,
    'distance': 0.8 * exact, 'slope_real': 1.0, 'slope_fake': 1.1,
    'slope_between': 1.2,
  }  # fmt: skip
