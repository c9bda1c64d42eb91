"""Checks the metric names in a configuration, before any data are read."""

from jaxgan.config import Config, pick
from jaxgan.metrics import protocol
from jaxgan.types import METRICS


def check(config: Config) -> None:
  """Checks `eval.metrics` and `checkpoint.best_metric`.

  Raises:
    ValueError: an unknown metric, or a best metric whose best value is not its
      lowest.
  """
  metrics = {name: protocol.parse(name) for name in config.eval.metrics}
  best = config.checkpoint.best_metric
  if best:
    pick('checkpoint.best_metric', best, {**METRICS, **metrics})
  if best in metrics and metrics[best].kind.better != 'low':
    raise ValueError(
      f'checkpoint.best_metric is {best}; it must be a metric whose lowest '
      'value is the best.'
    )
