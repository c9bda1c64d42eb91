"""What a search is after: one metric, as low or as high as it gets."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from jaxgan.config import from_config_dict
from jaxgan.metrics import protocol
from jaxgan.types import METRICS

# Of the metrics of an iteration; those of `protocol` say it of themselves.
_HIGH = ('diversity',)


class Goal(NamedTuple):
  """What is compared.

  Attributes:
    metric: a name of `types.METRICS` or of docs/metrics.md.
    direction: `minimise` or `maximise`.
  """

  metric: str
  direction: str


def parse(
  base: Mapping[str, Any], metric: str, direction: str
) -> tuple[dict[str, Any], Goal]:
  """Checks the metric, and has trials measure it.

  Args:
    base: nested config values.
    metric: a name, or empty for the only one of `eval.metrics`.
    direction: `minimise` or `maximise`.

  Returns:
    The values, with the metric in `eval.metrics` where it belongs there; and
    the goal.

  Raises:
    ValueError: no metric or several to choose from, a name that is none, a
      direction that is the wrong one, or measurements between logged steps.
  """
  config = from_config_dict(base)
  named = config.eval.metrics
  if not metric and len(named) != 1:
    raise ValueError(
      f'--metric is missing and eval.metrics names {len(named)}; it must be '
      'one, such as w1_500_pixels.'
    )
  metric = metric or named[0]
  _check_direction(metric, direction)
  every, log = config.eval.every_steps, config.log.every_steps
  if every % log:
    raise ValueError(
      f'eval.every_steps is {every} and log.every_steps is {log}; a search '
      'wants the first a multiple of the second.'
    )
  if metric not in METRICS and metric not in named:
    named = (*named, metric)
  values = {**base, 'eval': {**base.get('eval', {}), 'metrics': named}}
  return values, Goal(metric, direction)


def _check_direction(metric: str, direction: str) -> None:
  if metric in METRICS:
    better = 'high' if metric in _HIGH else ''
  else:
    better = protocol.parse(metric).kind.better
  if better == 'neither':
    raise ValueError(
      f'{metric} is best neither low nor high; a search needs one that is.'
    )
  wanted = {'low': 'minimise', 'high': 'maximise', '': direction}[better]
  if wanted != direction:
    raise ValueError(
      f'{metric} is better {better} and --direction is {direction}; it must '
      f'be {wanted}.'
    )
