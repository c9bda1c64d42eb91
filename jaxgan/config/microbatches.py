"""Rules for `train.microbatches`: what cannot be split is refused."""

from collections.abc import Iterator
from typing import Any

from jaxgan.config.schema.run import Config

_BATCH_NORMS = ('batch', 'batch_spectral')


def rules(config: Config) -> Iterator[tuple[str, Any, str]]:
  """Keys of a rule, whether it is broken, and the end of the error message."""
  net, train = config.net, config.train
  split = train.microbatches > 1
  for key in ('batch_size', 'gen_batch_size'):
    yield (
      f'train.microbatches train.{key}',
      split and getattr(train, key) % train.microbatches,
      'all parts are of one size, so the batch must be a multiple of their '
      'number',
    )
  for key in ('gen_norm', 'critic_norm'):
    yield (
      f'train.microbatches net.{key}',
      split and getattr(net, key) in _BATCH_NORMS,
      'batch norm needs the whole batch at once, so train.microbatches must be '
      '1, or the norm layer or none',
    )
  whole = {
    'net.name': (
      net.name == 'stylegan',
      'its noise and its minibatch deviation are those of the whole batch',
    ),
    'net.critic_dropout': (
      net.critic_dropout,
      'dropout is drawn for the whole batch',
    ),
    'loss.pull_away': (
      config.loss.pull_away,
      'the term compares all pairs of the batch',
    ),
    'penalty.points': (
      config.penalty.points == 'dragan',
      'its noise has the deviation of the whole batch',
    ),
    'regularisers.consistency': (
      config.regularisers.consistency,
      'its augmentations are drawn for the whole batch',
    ),
  }
  for key, (broken, reason) in whole.items():
    end = f'{reason}, so train.microbatches must be 1'
    yield f'train.microbatches {key}', split and broken, end
