"""The objective of a search: one metric to minimize or to maximize."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from jaxgan.config import from_config_dict
from jaxgan.metrics import protocol
from jaxgan.types import METRICS

# Logged metrics whose high values are better; `protocol` has the others.
_HIGH = ('diversity',)


class Objective(NamedTuple):
  """The metric by which trials are compared.

  Attributes:
    metric: a name in `types.METRICS` or in docs/metrics.md.
    direction: `minimise` or `maximise`.
  """

  metric: str
  direction: str


def parse(
  base: Mapping[str, Any], metric: str, direction: str
) -> tuple[dict[str, Any], Objective]:
  """Checks the objective and adds its metric to the evaluated metrics.

  Args:
    base: nested config values.
    metric: a name, or empty for the only entry of `eval.metrics`.
    direction: `minimise` or `maximise`.

  Returns:
    The config values, with the metric in `eval.metrics` unless every run logs
    it; and the objective.

  Raises:
    ValueError: the metric is missing or unknown, the direction does not fit
      it, or `eval.every_steps` is no multiple of `log.every_steps`.
  """
  config = from_config_dict(base)
  metrics = config.eval.metrics
  if not metric and len(metrics) != 1:
    raise ValueError(
      f'--metric is missing and eval.metrics names {len(metrics)} metrics; set '
      '--metric to one, such as w1_500_pixels.'
    )
  metric = metric or metrics[0]
  _check_direction(metric, direction)
  every, log = config.eval.every_steps, config.log.every_steps
  if every % log:
    raise ValueError(
      f'eval.every_steps is {every} and log.every_steps is {log}; in a search '
      'the first must be a multiple of the second.'
    )
  if metric not in METRICS and metric not in metrics:
    metrics = (*metrics, metric)
  values = {**base, 'eval': {**base.get('eval', {}), 'metrics': metrics}}
  return values, Objective(metric, direction)


def _check_direction(metric: str, direction: str) -> None:
  if metric in METRICS:  # '' allows both directions.
    better = 'high' if metric in _HIGH else ''
  else:
    better = protocol.parse(metric).kind.better
  if better == 'neither':
    raise ValueError(
      f'{metric} has its best value between low and high; --metric must be a '
      'metric to minimise or to maximise.'
    )
  wanted = {'low': 'minimise', 'high': 'maximise', '': direction}[better]
  if wanted != direction:
    raise ValueError(
      f'{metric} is better {better} and --direction is {direction}; it must be '
      f'{wanted}.'
    )
