"""Rules for the section `penalty` and for estimates of gradient norms."""

from collections.abc import Iterator
from typing import Any

from jaxgan.config.schema.run import Config

Rules = Iterator[tuple[str, Any, str]]


def rules(config: Config) -> Rules:
  """Keys of a rule, whether it is broken, and the end of the error message."""
  penalty = config.penalty
  yield (
    'penalty.target_law penalty.sides',
    penalty.target_law == 'ratio' and penalty.sides != 'one',
    'an annealed target must be one-sided, so set penalty.sides to one',
  )
  yield (
    'penalty.controller penalty.replay',
    (penalty.controller == 'replay') != bool(penalty.replay),
    'the controller replay needs the metrics.jsonl of a run, and no other '
    'controller reads one',
  )
  yield (
    'penalty.controller penalty.weight',
    penalty.controller == 'replay' and not penalty.weight,
    'a weight of 0 turns the penalty off, so a replay needs one above 0',
  )
  if penalty.share < 1:
    yield from _share(config)
  if penalty.gradient == 'finite':
    yield from _finite(config)


def _share(config: Config) -> Rules:
  net, train = config.net, config.train
  num = config.penalty.share * train.batch_size
  keys = 'penalty.share train.batch_size'
  yield (
    keys,
    num < 0.5 or abs(num - round(num)) > 1e-4,
    'a share of the batch is a whole number of examples, at least 1, so their '
    'product must be one',
  )
  split = train.microbatches > 1
  yield (
    f'{keys} train.microbatches',
    split and round(num) % train.microbatches,
    'each part of the batch has the same number of penalized examples, so the '
    'product of the first two must be a multiple of the third',
  )
  yield (
    f'{keys} net.minibatch_group',
    net.name == 'stylegan' and round(num) % net.minibatch_group,
    'the critic of stylegan scores whole groups, so the product of the first '
    'two must be a multiple of the third',
  )


def _finite(config: Config) -> Rules:
  net, penalty, train = config.net, config.penalty, config.train
  yield (
    'penalty.gradient penalty.target',
    penalty.target,
    'a difference in one direction estimates the square of a gradient norm and '
    'no distance from a target, so penalty.target must be 0',
  )
  yield (
    'penalty.gradient penalty.controller',
    penalty.controller == 'dual',
    'its constraint needs the norm of each example, so penalty.gradient must '
    'be exact',
  )
  yield (
    'penalty.gradient train.precision',
    train.precision != 'float32',
    'the difference of two close scores drowns in rounding, so train.precision '
    'must be float32',
  )
  # Known scores are those of other masks and of other groups.
  sampled = penalty.share < 1
  yield (
    'penalty.gradient penalty.share net.critic_dropout',
    sampled and net.critic_dropout,
    'both scores of a difference need one dropout mask, so penalty.share must '
    'be 1 or net.critic_dropout 0',
  )
  yield (
    'penalty.gradient penalty.share net.name net.minibatch_group',
    sampled and net.name == 'stylegan' and net.minibatch_group > 1,
    'both scores of a difference need one group, so penalty.share or '
    'net.minibatch_group must be 1',
  )
