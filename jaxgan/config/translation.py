"""Checks of the keys of image-to-image translation."""

from collections.abc import Iterator
from typing import Any

from jaxgan.config.schema.run import Config

_PAIRED = ('pairs', 'side_by_side')


def rules(config: Config) -> Iterator[tuple[str, Any, str]]:
  """Yields the rules of game translation, as `validate.Rules`."""
  net, loss, translates = config.net, config.loss, config.game == 'translation'
  yield (
    'game net.name',
    translates != (net.name == 'unet'),
    'translation and unet need each other',
  )
  yield (
    'loss.l1 game',
    loss.l1 and not translates,
    'only a translation knows the true image, so it must be 0',
  )
  yield (
    'loss.adversarial loss.l1',
    not (loss.adversarial or loss.l1),
    'the generator needs a loss, so one of them must be above 0',
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
  paired = config.data.name in _PAIRED
  yield (
    'translation.input data.name',
    paired != (config.translation.input == 'pair'),
    f'pair and the data sets {" and ".join(_PAIRED)} need each other',
  )
  yield (
    'net.critic_input regularisers.augment',
    net.critic_input and config.regularisers.augment,
    'the input image is not augmented, so net.critic_input must be False, or '
    'regularisers.augment empty',
  )
  yield (
    'net.name net.attention',
    net.attention,
    'unet has no attention, so it must be 0',
  )
