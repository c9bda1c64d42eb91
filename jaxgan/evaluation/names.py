"""Checks of the metric names in a configuration, before any data are read."""

from jaxgan.config import Config, pick
from jaxgan.metrics import protocol
from jaxgan.types import METRICS


def check(config: Config) -> None:
  """Checks `eval.metrics` and `checkpoint.best_metric`.

  Raises:
    ValueError: a name that is no metric, or a best metric of which higher
      values are better.
  """
  metrics = {name: protocol.parse(name) for name in config.eval.metrics}
  best = config.checkpoint.best_metric
  if best:
    pick('checkpoint.best_metric', best, {**METRICS, **metrics})
  if best in metrics and metrics[best].kind.better != 'low':
    raise ValueError(
      f'checkpoint.best_metric is {best}, whose lowest value is not the best; '
      'it must be one of which less is better.'
    )
