"""Replays the ratio and weight of another run: a control without feedback."""

import json
import math
import pathlib
from collections.abc import Callable

import jax.numpy as jnp
import numpy as np

from jaxgan.types import Array

Curve = Callable[[Array], tuple[Array, Array]]


def load_curve(path: str) -> Curve:
  """Reads the recorded curve of a finished run.

  Args:
    path: a metrics.jsonl; its row of step k holds what iteration k - 1,
      counted from 0, used. Between rows the curve is linear, before the
      first and after the last it is constant, so a run logged at every step
      is replayed exactly.

  Returns:
    A function from an iteration to its (ratio, weight), float32 scalars.

  Raises:
    ValueError: no such file, or a line without step, ratio and weight or with
      values out of range.
  """
  rows: list[list[float]] = []
  place, last = '', -math.inf
  try:
    lines = pathlib.Path(path).read_text().splitlines()
    for number, line in enumerate(lines, 1):
      place = f'line {number}: '
      # Rows of evaluations have neither ratio nor weight.
      if line and not {'ratio', 'weight'}.isdisjoint(row := json.loads(line)):
        rows.append([float(row[key]) for key in ('step', 'ratio', 'weight')])
        last = _checked(last, *rows[-1])
    if not rows:
      place = ''
      raise ValueError('no line has them')
  except (OSError, ValueError, KeyError, TypeError, OverflowError) as error:
    raise ValueError(
      f'penalty.replay is {path!r}; it must be a metrics.jsonl with a growing '
      'step, a ratio in [0, 1] and a finite weight of at least 0 in each line '
      f'({place}{error}).'
    ) from error
  table = np.array(rows)
  steps, ratios, weights = (jnp.asarray(x, jnp.float32) for x in table.T)

  def curve(iteration: Array) -> tuple[Array, Array]:
    at = (iteration + 1).astype(jnp.float32)
    return jnp.interp(at, steps, ratios), jnp.interp(at, steps, weights)

  return curve


def _checked(last: float, step: float, ratio: float, weight: float) -> float:
  """Returns the step of a line; the line before has the step `last`."""
  rising = last < step < math.inf
  if not (rising and 0 <= ratio <= 1 and 0 <= weight < math.inf):
    raise ValueError(f'step {step:g}, ratio {ratio:g}, weight {weight:g}')
  return step
