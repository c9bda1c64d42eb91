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
    path: a metrics.jsonl; its line of step k holds what iteration k - 1,
      counted from 0, used. Between lines the curve is linear, before the
      first and after the last it is constant, so a run logged at every step
      is replayed exactly.

  Returns:
    A function from an iteration to its (ratio, weight), float32 scalars.

  Raises:
    ValueError: no such file, or a line without step, ratio and weight.
  """
  try:
    lines = pathlib.Path(path).read_text().splitlines()
    rows = [json.loads(line) for line in lines if line]
    table = np.array(
      [[r['step'], r['ratio'], r['weight']] for r in rows], float
    )
  except (OSError, ValueError, KeyError, TypeError) as error:
    raise ValueError(
      f'penalty.replay is {path!r}; it must be a metrics.jsonl with step, '
      f'ratio and weight in each line ({error}).'
    ) from error
  if not len(table) or not all(map(math.isfinite, table.ravel())):
    raise ValueError(
      f'penalty.replay is {path!r}; it must hold at least one line, all finite.'
    )
  steps, ratios, weights = (jnp.asarray(x, jnp.float32) for x in table.T)

  def curve(iteration: Array) -> tuple[Array, Array]:
    at = (iteration + 1).astype(jnp.float32)
    return jnp.interp(at, steps, ratios), jnp.interp(at, steps, weights)

  return curve
