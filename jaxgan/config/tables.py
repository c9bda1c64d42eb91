"""Checks of the keys of tables with categories."""

from collections.abc import Iterator
from typing import Any

from jaxgan.config.schema.run import Config


def rules(config: Config) -> Iterator[tuple[str, Any, str]]:
  """Yields the rules of data.name mixed_table, as `validate.Rules`."""
  net, data = config.net, config.data
  if data.name != 'mixed_table':
    yield (
      'net.pack data.name',
      net.pack > 1,
      'only rows of a mixed_table are packed, so it must be 1',
    )
    for key in ('columns', 'condition'):
      yield (
        f'data.{key} data.name',
        getattr(data, key),
        'only a mixed_table has it, so it must be empty',
      )
    return
  yield (
    'net.classes data.name',
    net.classes,
    'the classes of a mixed_table follow from data.condition, so it must be 0',
  )
  yield (
    'net.code_classes net.code_size net.critic_head',
    net.code_classes or net.code_size or net.critic_head != 'score',
    'a mixed_table has no codes, so these must be 0, and the head score',
  )
  yield (
    'net.critic_label data.name',
    net.critic_label != 'concat',
    'the critic of a mixed_table reads one label per row, so it must be concat',
  )
  yield (
    'net.latent data.name',
    net.latent != 'normal',
    'a part of the latent becomes Gumbel noise, so it must be normal',
  )
  for key in ('batch_size', 'gen_batch_size'):
    yield (
      f'train.{key} net.pack',
      getattr(config.train, key) % net.pack,
      'it must be a multiple of the pack',
    )
