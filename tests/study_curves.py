"""Synthetic studies: rows of learning curves with known effects."""

import json
import math

import jax
import numpy as np

from jaxgan.study.results import Row
from jaxgan.study.spec import Arm, Study, Task
from jaxgan.types import METRICS

STEPS, EVERY = 1600, 100
EXACT, OTHER = 'w1_2048_pixels', 'precision100_digits'


def study(arms, *, seeds=12, tasks=('rings',), families=(), tuned=()):
  """Returns a study of these arms, a baseline `base` and its copy `again`.

  Args:
    arms: names.
    seeds: number of seeds of the test.
    tasks: names.
    families: (arm, family) pairs.
    tuned: names of the tuning arms.
  """
  names = dict.fromkeys(('base', 'again', *arms))
  family = dict(families)
  return Study(
    name='synthetic',
    base={'train': {'steps': STEPS}},
    tasks=tuple(Task(x, (EXACT, OTHER), EXACT, 0.3) for x in tasks),
    arms=tuple(Arm(x, family.get(x, ''), tunes=x in tuned) for x in names),
    baseline='base',
    again='again',
    tuning_seeds=(100, 101, 102),
    seeds=tuple(range(seeds)),
    every_steps=EVERY,
  )


def rows(study, factors=(), coverage=1.2):
  """Returns all rows: factor x effect of the seed x noise x falling curve.

  Args:
    study: from `study`.
    factors: (arm, factor) pairs; 1 for the others.
    coverage: E of the traces.
  """
  factor = dict(factors)
  return [
    row
    for task in study.tasks
    for arm in study.arms
    for seed in (study.tuning_seeds if arm.tunes else study.seeds)
    for row in run(
      study, task, arm.name, seed, factor.get(arm.name, 1), coverage
    )
  ]


def run(study, task, arm, seed, factor, coverage=1.2):
  """Returns the rows of one run; equal seeds share the effect of the seed."""
  seed_effect = np.random.default_rng([seed, len(task.name)]).normal()
  name = arm.replace('again', 'base')  # The copy draws what the baseline does.
  noise = np.random.default_rng([seed, *name.encode()]).normal
  steps = np.array(study.grid(task))
  falling = 0.1 + 0.9 * np.exp(-steps / 400)
  run_noise = 0.03 * noise() + 0.03 * noise(size=len(steps))
  values = factor * np.exp(0.3 * seed_effect + run_noise) * falling
  return [
    Row(
      task.name, arm, seed, int(step), _metrics(float(value), step),
      _trace(float(value), step, coverage),
    )
    for step, value in zip(steps, values, strict=True)
  ]  # fmt: skip


def changed(rows, arm, seed, values):
  """Returns the rows with a run's metric replaced; values: step -> value."""
  return [
    row._replace(metrics={**row.metrics, EXACT: values[row.step]})
    if (row.arm, row.seed) == (arm, seed) and row.step in values
    else row
    for row in rows
  ]


def _metrics(value, step):
  metrics = {EXACT: value, OTHER: 1 / (1 + value)}
  if step == STEPS:
    metrics |= {f'ema/{EXACT}': 0.9 * value, f'ema/{OTHER}': 0.5}
  return metrics


def _trace(exact, step, coverage):
  """Returns the trace that the theory predicts at weight 0.5."""
  if step == 0:
    return {}
  return {
    **dict.fromkeys(METRICS, 0.1),
    'weight': 0.5, 'ratio': 1 - step / (2 * STEPS), 'distance': 0.8 * exact,
    'slope': 1 + coverage * exact / (2 * 0.5), 'slope_real': 1.0,
    'slope_fake': 1.1, 'slope_between': 1.2,
  }  # fmt: skip


def same_summary(found, stored):
  """Whether two summary.json are equal, up to rounding.

  The last bits of intervals differ between versions of numpy and scipy: by
  1e-14 from 2.0 and 1.14 to 2.5 and 1.18.
  """
  found, stored = (json.loads(text) for text in (found, stored))

  def same(a, b):
    return math.isclose(a, b, rel_tol=1e-10) if isinstance(a, float) else a == b

  return jax.tree.all(jax.tree.map(same, found, stored))
