"""Checks of the keys of image-to-image translation."""

from collections.abc import Iterator
from typing import Any

from jaxgan.config.schema.run import Config

_PAIRED = ('pairs', 'side_by_side')
NETS = ('unet', 'encoder_decoder', 'rrdb')
_TERMS = ('l1', 'cycle', 'identity', 'features', 'style')


def rules(config: Config) -> Iterator[tuple[str, Any, str]]:
  """Yields the rules of game translation, as `validate.Rules`."""
  net, loss, translates = config.net, config.loss, config.game == 'translation'
  yield (
    'game net.name',
    translates != (net.name in NETS),
    f'translation needs one of {", ".join(NETS)}, and these need it',
  )
  for key in _TERMS:
    yield (
      f'loss.{key} game',
      getattr(loss, key) and not translates,
      'only a translation has images to compare with, so it must be 0',
    )
  yield (
    ' '.join(f'loss.{key}' for key in ('adversarial', *_TERMS)),
    not (loss.adversarial or any(getattr(loss, key) for key in _TERMS)),
    'the generator needs a loss, so one of them must be above 0',
  )
  yield from _features(config)
  for key in ('pool', 'crop_from'):
    yield (
      f'translation.{key} game',
      getattr(config.translation, key) and not translates,
      'it is of translations alone, so it must be 0',
    )
  if not translates:
    return
  yield (
    'game net.classes net.code_classes net.code_size net.critic_head',
    net.classes
    or net.code_classes
    or net.code_size
    or net.critic_head != 'score',
    'the input image takes the place of labels and codes, so these must be 0, '
    'and the head score',
  )
  data, inputs = config.data.name, config.translation.input
  yield (
    'translation.input data.name',
    (data in _PAIRED) != (inputs == 'pair'),
    f'pair and the data sets {" and ".join(_PAIRED)} need each other',
  )
  yield (
    'translation.input data.name',
    (data == 'unpaired') != (inputs == 'unpaired'),
    'unpaired and the data set unpaired need each other',
  )
  pool, size = config.translation.pool, config.train.batch_size
  yield (
    'translation.pool net.critic_input',
    pool and net.critic_input,
    'the pool keeps no inputs, so net.critic_input must be False',
  )
  yield (
    'translation.pool train.batch_size train.batch_doubles_at',
    0 < pool < size * 2 ** len(config.train.batch_doubles_at),
    'the pool must be 0, or hold a batch at least',
  )
  yield from (_two_way if inputs == 'unpaired' else _one_way)(config)
  yield (
    'net.critic_input regularisers.augment',
    net.critic_input and config.regularisers.augment,
    'the input image is not augmented, so net.critic_input must be False, or '
    'regularisers.augment empty',
  )
  yield (
    'net.name net.gen_norm',
    net.name == 'rrdb' and net.gen_norm not in ('none', 'spectral'),
    'its blocks have no normalization of activations, so it must be none or '
    'spectral',
  )


def _features(config: Config) -> Iterator[tuple[str, Any, str]]:
  loss, adaptive = config.loss, config.loss.adversarial_balance == 'adaptive'
  yield (
    'loss.features loss.style loss.features_net',
    bool(loss.features or loss.style) != bool(loss.features_net),
    'the losses of features and the file of their net need each other',
  )
  yield (
    'loss.style_image loss.style',
    loss.style_image and not loss.style,
    'an image of a style needs a weight above 0',
  )
  yield (
    'loss.adversarial_balance loss.adversarial',
    adaptive
    and not (loss.adversarial and any(getattr(loss, k) for k in _TERMS)),
    'it balances the loss of the scores and those of images, so both must '
    'have a weight above 0',
  )
  yield (
    'loss.adversarial_balance train.microbatches',
    adaptive and config.train.microbatches > 1,
    'the balance is that of the whole batch, so train.microbatches must be 1',
  )


def _one_way(config: Config) -> Iterator[tuple[str, Any, str]]:
  for key in ('cycle', 'identity'):
    yield (
      f'loss.{key} translation.input',
      getattr(config.loss, key),
      'only unpaired translates both ways, so it must be 0',
    )


def _two_way(config: Config) -> Iterator[tuple[str, Any, str]]:
  yield (
    'loss.l1 translation.input',
    config.loss.l1,
    'unpaired images have no true image, so it must be 0',
  )
  yield (
    'net.critic_input translation.input',
    config.net.critic_input,
    'the critics of unpaired read no input, so it must be False',
  )
  yield (
    'penalty.share translation.input',
    config.penalty.share != 1,
    'examples alternate between the domains, so the whole batch is penalized '
    'and it must be 1',
  )
  yield (
    'train.gen_batch_size train.microbatches translation.input',
    config.train.gen_batch_size or config.train.microbatches > 1,
    'examples alternate between the domains, so they must be 0 and 1',
  )
