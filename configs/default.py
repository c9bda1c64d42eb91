"""Every key of a configuration, with its default.

Other files here change a few lines of this one. What a key means, and what it
may hold, stands in jaxgan/schema/. On the command line:
  --config=configs/digits.py --config.optim.gen.lr=2e-4
Under `penalty`, None is what the preset says. Every file has a variant :tiny
(--config=configs/digits.py:tiny) that runs in seconds, without a network.
"""

from ml_collections import config_dict


def get_config(variant: str = '') -> config_dict.ConfigDict:
  config = config_dict.ConfigDict()
  config.seed = 0
  config.game = 'gan'

  config.data = data = config_dict.ConfigDict()
  data.name = 'digits'
  data.path = ''
  data.dir = ''
  data.split = 'train'
  data.image_size = 0
  data.image_width = 0
  data.channels = 0
  data.attributes = ()
  data.flip = False
  data.on_bad_image = 'error'
  data.placement = 'auto'
  data.mock_examples = 0

  config.net = net = config_dict.ConfigDict()
  net.name = 'dcgan'
  net.latent_size = 128
  net.latent = 'normal'
  net.latent_bound = 2.0
  net.classes = 0
  net.gen_label = 'concat'
  net.critic_label = 'concat'
  net.code_classes = 0
  net.code_size = 0
  net.gen_widths = (256, 128, 64)
  net.critic_widths = (64, 128, 256)
  net.gen_norm = 'none'
  net.critic_norm = 'none'
  net.gen_activation = 'default'
  net.critic_activation = 'default'
  net.init = 'default'
  net.critic_dropout = 0.0
  net.critic_head = 'score'
  net.critic_code_size = 32
  net.gen_up = 'transposed'
  net.critic_stem = 'conv'
  net.critic_plain_blocks = 0
  net.critic_pool = 'flatten'
  net.attention = 0
  net.depth = 2
  net.embed_size = 128
  net.mapping_layers = 8
  net.style_size = 128
  net.style_mixing = 0.9
  net.minibatch_group = 4
  net.scales = 2
  net.compute_dtype = 'float32'
  net.conv = 'auto'

  config.loss = _loss()
  config.penalty = _penalty()
  config.regularisers = _regularisers()
  config.optim = config_dict.ConfigDict()
  config.optim.gen = _optimizer()
  config.optim.critic = _optimizer()

  config.train = train = config_dict.ConfigDict()
  train.steps = 10_000
  train.batch_size = 64
  train.batch_doubles_at = ()
  train.gen_batch_size = 0
  train.critic_steps = 5
  train.gen_steps = 1
  train.ema_decay = 0.999

  config.eval = config_dict.ConfigDict()
  config.eval.every_steps = 1_000
  config.eval.num_images = 64
  config.eval.metrics = ()
  config.eval.split = ''
  config.eval.floor_split = ''
  config.eval.inception = ''
  config.eval.resize = 'clean'

  config.log = config_dict.ConfigDict()
  config.log.every_steps = 100
  config.log.tensorboard = True

  config.guard = config_dict.ConfigDict()
  config.guard.action = 'warn'
  config.guard.patience = 3
  config.guard.diversity = 0.1
  config.guard.gradient = 1e-4
  config.guard.slope = 1_000.0
  config.guard.rollbacks = 3

  config.checkpoint = config_dict.ConfigDict()
  config.checkpoint.every_steps = 1_000
  config.checkpoint.max_to_keep = 2
  config.checkpoint.keep_every_steps = 0
  config.checkpoint.best_metric = ''
  return finish(config.lock(), variant)


def finish(
  config: config_dict.ConfigDict, variant: str
) -> config_dict.ConfigDict:
  """What every get_config ends with: the variant behind the file's colon."""
  if variant not in ('', 'tiny'):
    raise ValueError(f'A config has no variant {variant!r}; it has :tiny.')
  if variant:
    _shrink(config)
  return config


def _shrink(config: config_dict.ConfigDict) -> None:
  """The same run, smaller in every direction that costs time."""
  net, train = config.net, config.train
  net.gen_widths = (8,) * len(net.gen_widths)
  net.critic_widths = (8,) * len(net.critic_widths)
  net.latent_size = 8
  config.penalty.warmup_steps = 2
  train.steps = 6
  train.batch_size = 16
  train.gen_batch_size = 0
  train.critic_steps = 2
  config.eval.every_steps = 3
  config.eval.num_images = 16
  config.log.every_steps = 1
  config.checkpoint.every_steps = 3


def _loss() -> config_dict.ConfigDict:
  """What the players minimise."""
  return config_dict.ConfigDict(
    {
      'name': 'wasserstein',
      'smooth_real': 0.0,
      'smooth_fake': 0.0,
      'margin': 1.0,
      'pull_away': 0.0,
      'auxiliary': 1.0,
      'information': 1.0,
    }
  )


def _penalty() -> config_dict.ConfigDict:
  """Where the critic is penalised, how strongly, and by which distance."""
  unset = config_dict.placeholder
  return config_dict.ConfigDict(
    {
      'preset': 'iterative',
      # Where.
      'points': unset(str),
      'spread_min': unset(float),
      'static_ratio': unset(float),
      'noise': unset(float),
      # How strongly.
      'controller': unset(str),
      'weight': unset(float),
      'floor': unset(float),
      'power': unset(float),
      'decay_steps': unset(int),
      'replay': unset(str),
      'pi_gain': unset(float),
      'pi_integral_gain': unset(float),
      'dual_rate': unset(float),
      'dual_tolerance': unset(float),
      # What a slope costs.
      'sides': unset(str),
      'target': unset(float),
      'target_law': unset(str),
      # By which distance.
      'distance': unset(str),
      'smoothing': unset(float),
      'warmup_steps': unset(int),
      'rate': unset(float),
      'decay': unset(float),
      'monotone': unset(bool),
      # Weight clipping, for the original WGAN.
      'clip': unset(float),
    }
  )


def _regularisers() -> config_dict.ConfigDict:
  """What keeps the critic from being too sure, beside its penalty."""
  return config_dict.ConfigDict(
    {
      'noise': 0.0,
      'noise_steps': 0,
      'l1': 0.0,
      'l2': 0.0,
      'orthogonal': 0.0,
      'adversarial': 0.0,
      'consistency': 0.0,
      'augment': (),
      'augment_share': 1.0,
      'augment_target': 0.0,
      'augment_rate': 1e-3,
      'lazy': 1,
    }
  )


def _optimizer() -> config_dict.ConfigDict:
  return config_dict.ConfigDict(
    {
      'name': 'adam',
      'lr': 1e-4,
      'b1': 0.5,
      'b2': 0.9,
      'schedule': 'constant',
      'lr_end': 0.0,
      'warmup_steps': 0,
      'clip_norm': 0.0,
      'weight_decay': 0.0,
    }
  )
