"""Checks of key combinations that need only the configuration.

Types, ranges and choices of single keys are in the schema. Checks that need the
shape of the data are in `nets` and `gan`, where the shape is known.
"""

import operator
from collections.abc import Iterator
from typing import Any

from jaxgan.config.microbatches import rules as rules_of_microbatches
from jaxgan.config.penalties import rules as rules_of_penalties
from jaxgan.config.schema.run import Config
from jaxgan.config.tables import rules as rules_of_tables
from jaxgan.config.translation import rules as rules_of_translation

# Of each rule: its keys, whether it is broken, the end of the error message.
Rules = Iterator[tuple[str, Any, str]]

_FACES = ('celeb_a', 'celeba')  # The data sets with attributes.
_IN_MEMORY = (
  'digits',
  'gaussians8',
  'gaussians25',
  'swiss_roll',
  'table',
  'mixed_table',
)
_BATCH_NORMS = ('batch', 'batch_spectral')
_LABEL_LOSSES = ('least_squares', 'minimax', 'nonsaturating')
_ATTENTION_NETS = ('dcgan', 'resnet', 'biggan')
_DECODER_NETS = ('mlp', 'dcgan', 'resnet')  # Can mirror their critic.


def check(config: Config) -> None:
  """Checks the rules between keys.

  Raises:
    ValueError: a broken rule; the message gives the keys, their values and
      the allowed values.
  """
  for rules in _RULES:
    for keys, broken, reason in rules(config):
      if broken:
        values = (
          f'{k} is {operator.attrgetter(k)(config)!r}' for k in keys.split()
        )
        raise ValueError(f'{" and ".join(values)}; {reason}.')


def _run(config: Config) -> Rules:
  data, train, names = config.data, config.train, config.data.attributes
  yield (
    'data.image_width data.image_size',
    data.image_width and not data.image_size,
    'a width needs a height, so set both',
  )
  yield (
    'data.attributes data.name',
    names and data.name not in _FACES,
    f'only {" and ".join(_FACES)} have attributes',
  )
  yield (
    'data.attributes',
    len(names) > 5 or len(set(names)) < len(names),
    'it must be at most 5 different names, since n names make 2**n classes',
  )
  streamed = data.placement == 'stream'
  yield (
    'data.placement data.name',
    streamed and data.name in _IN_MEMORY,
    'only images in files are streamed, and these data are always read into '
    'memory, so data.placement must be auto, host or device',
  )
  yield (
    'data.placement data.mock_examples',
    streamed and data.mock_examples,
    'mock examples are generated in memory, so data.placement must be auto, '
    'host or device',
  )
  yield (
    'train.gen_batch_size',
    train.gen_batch_size == 1,
    'one example has no diversity, so it must be 0 for train.batch_size, or at '
    'least 2',
  )
  yield (
    'train.batch_doubles_at',
    list(train.batch_doubles_at) != sorted(set(train.batch_doubles_at)),
    'each step must be later than the one before',
  )
  best, every = config.checkpoint.best_metric, config.eval.every_steps
  yield (
    'checkpoint.best_metric checkpoint.every_steps eval.every_steps',
    best in config.eval.metrics and config.checkpoint.every_steps % every,
    'checkpoints need the metric of their step, so checkpoint.every_steps must '
    'be a multiple of eval.every_steps',
  )


def _objective(config: Config) -> Rules:
  loss, regularizers = config.loss, config.regularisers
  yield (
    'loss.name net.critic_head',
    (loss.name == 'energy') != (config.net.critic_head == 'autoencoder'),
    'energy and autoencoder need each other',
  )
  yield (
    'loss.pull_away loss.name',
    loss.pull_away and loss.name != 'energy',
    'only energy has the codes of this term, so it must be 0',
  )
  for key in ('smooth_real', 'smooth_fake'):
    yield (
      f'loss.{key} loss.name',
      getattr(loss, key) and loss.name not in _LABEL_LOSSES,
      f'only {", ".join(_LABEL_LOSSES)} have labels to smooth',
    )
  for key in ('consistency', 'augment_target', 'augment_end'):
    yield (
      f'regularisers.{key} regularisers.augment',
      getattr(regularizers, key) and not regularizers.augment,
      'it needs at least one augmentation',
    )
  yield (
    'regularisers.augment_end regularisers.augment_target',
    regularizers.augment_end and regularizers.augment_target,
    'a share follows a schedule or adapts, so one of them must be 0',
  )
  for player in ('gen', 'critic'):
    optimizer = getattr(config.optim, player)
    yield (
      f'optim.{player}.b2_end optim.{player}.name',
      optimizer.b2_end and optimizer.name != 'adam',
      'only adam has a scheduled b2, so b2_end must be 0',
    )
    yield (
      f'optim.{player}.lr_end optim.{player}.schedule',
      optimizer.lr_end == 0 and optimizer.schedule == 'exponential',
      'an exponential schedule never reaches 0, so lr_end must be above 0',
    )


def _labels(config: Config) -> Rules:
  net = config.net
  yield (
    'net.critic_head net.classes net.code_classes net.code_size',
    net.critic_head == 'autoencoder'
    and (net.classes or net.code_classes or net.code_size),
    'an autoencoder has no labels and codes, so these three must be 0',
  )
  yield (
    'net.classes net.gen_label net.gen_norm',
    net.classes
    and net.gen_label == 'norm'
    and net.gen_norm not in _BATCH_NORMS,
    'only batch norm has a scale and a shift per class, so net.gen_norm must '
    f'be {" or ".join(_BATCH_NORMS)}',
  )
  yield (
    'net.classes net.critic_label net.name',
    net.classes and net.critic_label == 'concat' and net.name == 'multiscale',
    'its images have no channel for a label, so net.critic_label must be '
    'projection or auxiliary',
  )


def _nets(config: Config) -> Rules:
  net = config.net
  yield (
    'net.critic_norm penalty.weight',
    net.critic_norm == 'batch' and config.penalty.weight > 0,
    'batch norm mixes the examples whose gradient norms are penalized one by '
    'one, so use layer or none',
  )
  for key in ('gen_norm', 'critic_norm'):
    yield (
      f'net.{key} net.name',
      getattr(net, key) == 'instance' and net.name == 'mlp',
      'its features are no images, so the norm must be another one',
    )
  yield (
    'net.attention net.name',
    net.attention and net.name not in _ATTENTION_NETS,
    f'only {", ".join(_ATTENTION_NETS)} have attention',
  )
  yield (
    'net.critic_head net.name',
    net.critic_head == 'autoencoder' and net.name not in _DECODER_NETS,
    f'only {", ".join(_DECODER_NETS)} can be autoencoders',
  )
  yield (
    'train.precision net.conv',
    config.train.precision == 'tf32' and net.conv == 'winograd',
    'Winograd multiplies the rounding errors of TF32, so name another '
    'net.conv, such as auto',
  )
  rules = {
    'biggan': _biggan,
    'stylegan': _stylegan,
    'multiscale': _multiscale,
    'r3gan': _r3gan,
  }
  if net.name in rules:
    yield from rules[net.name](config)


def _biggan(config: Config) -> Rules:
  net = config.net
  yield (
    'net.name net.gen_norm',
    net.gen_norm not in _BATCH_NORMS,
    'its generator gets the latent through batch norm, so net.gen_norm must be '
    f'{" or ".join(_BATCH_NORMS)}',
  )
  widths = {'gen': net.gen_widths[::-1], 'critic': net.critic_widths}
  for key, inward in widths.items():
    yield (
      f'net.name net.{key}_widths',
      list(inward) != sorted(inward),
      'its shortcuts only append channels, so widths must not decrease from '
      'the image inward',
    )


def _stylegan(config: Config) -> Rules:
  net, train = config.net, config.train
  yield from _without_norms(config, 'its only normalization is demodulation')
  yield (
    'net.name net.gen_widths',
    len(net.gen_widths) < 2,
    'its styles are mixed between layers, so there must be at least 2 widths',
  )
  for key in ('batch_size', 'gen_batch_size'):
    yield (
      f'train.{key} net.minibatch_group',
      getattr(train, key) % net.minibatch_group,
      'it must be a multiple of the group',
    )


def _r3gan(config: Config) -> Rules:
  yield from _without_norms(config, 'it has no normalization')


def _without_norms(config: Config, reason: str) -> Rules:
  for key in ('gen_norm', 'critic_norm'):
    yield (
      f'net.name net.{key}',
      getattr(config.net, key) != 'none',
      f'{reason}, so the norm must be none',
    )


def _multiscale(config: Config) -> Rules:
  net = config.net
  yield (
    'net.name regularisers.augment',
    config.regularisers.augment,
    'images of several sizes cannot be augmented alike, so it must be empty',
  )
  most = min(len(net.gen_widths), len(net.critic_widths))
  yield (
    'net.scales net.gen_widths net.critic_widths',
    not 2 <= net.scales <= most,
    f'each scale needs a width in both nets, so it must be from 2 to {most}',
  )


_RULES = (
  _run, _objective, rules_of_penalties, _labels, _nets, rules_of_microbatches,
  rules_of_translation, rules_of_tables,
)  # fmt: skip
