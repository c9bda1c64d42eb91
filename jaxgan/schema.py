"""What a run is made of: every key, its type, its default and its range.

`configs/default.py` lists the same keys and defaults for reading and changing;
`config.from_config_dict` checks and freezes what a user made of them. The two
files are held together by a test.
"""

import dataclasses
import math
from collections.abc import Mapping
from typing import Any


def _within(default: Any, low: float, high: float = math.inf) -> Any:
  """A field whose value (or each of them) must lie in [low, high]."""
  return dataclasses.field(default=default, metadata={'range': (low, high)})


def _one_of(default: str, *others: str) -> Any:
  return dataclasses.field(
    default=default, metadata={'choices': (default, *others)}
  )


@dataclasses.dataclass(frozen=True)
class Data:
  """Where images come from and how they are cut.

  Attributes:
    name: `digits`, `folder`, a toy, or the name of any tfds data set.
    path: files at hand: a folder or an archive; empty for none.
    dir: where prepared copies live; empty for tfds' own place.
    split: a tfds split, with slices: `train`, `test`, `train[:10%]`.
    image_size: height in pixels after centre crop and resize; 0 keeps images
      as they are, and then all must have one shape.
    image_width: width in pixels; 0 for square.
    channels: 1 to 4, or 0 for what the files hold.
    flip: mirrors half of the images left to right.
    on_bad_image: what a broken image in a folder does.
    placement: where the images live: in the host's memory, on every device,
      or on the devices where they fit beside an accelerator (`auto`).
    mock_examples: random images in the shape of the data set, for dry runs
      without its files; 0 for the real ones.
  """

  name: str = 'digits'
  path: str = ''
  dir: str = ''
  split: str = 'train'
  image_size: int = _within(0, 0, 4096)
  image_width: int = _within(0, 0, 4096)
  channels: int = _within(0, 0, 4)
  flip: bool = False
  on_bad_image: str = _one_of('error', 'skip')
  placement: str = _one_of('auto', 'host', 'device')
  mock_examples: int = _within(0, 0)


@dataclasses.dataclass(frozen=True)
class Net:
  """The generator and critic pair.

  Attributes:
    name: `mlp`, `dcgan` or `resnet`.
    latent_size: Z, the length of a latent vector drawn from N(0, I).
    gen_widths: features per layer, from the latent side to the image.
    critic_widths: features per layer, from the image to the score.
    gen_norm, critic_norm: normalisation; batch norm mixes examples, so a
      critic under a penalty must not have it.
    gen_up: how the generator doubles sides: a transposed convolution, nearest
      neighbours and a convolution, or four phases of one convolution
      (sub-pixel) (dcgan only).
    critic_stem: first residual block: a plain convolution, or the authors'
      optimised block (resnet only).
    critic_plain_blocks: residual blocks after the last halving (resnet only).
    critic_pool: how the last features become a vector (resnet only).
    compute_dtype: of activations; parameters and scores are float32.
    conv: how convolutions are computed: by XLA's own, as matrix products, or
      whichever is faster on this backend.
  """

  name: str = 'dcgan'
  latent_size: int = _within(128, 1)
  gen_widths: tuple[int, ...] = _within((256, 128, 64), 1)
  critic_widths: tuple[int, ...] = _within((64, 128, 256), 1)
  gen_norm: str = _one_of('none', 'batch', 'layer')
  critic_norm: str = _one_of('none', 'layer', 'batch')
  gen_up: str = _one_of('transposed', 'nearest', 'subpixel')
  critic_stem: str = _one_of('conv', 'optimised')
  critic_plain_blocks: int = _within(0, 0)
  critic_pool: str = _one_of('flatten', 'mean')
  compute_dtype: str = _one_of('float32', 'bfloat16')
  conv: str = _one_of('auto', 'lax', 'matmul')


@dataclasses.dataclass(frozen=True)
class Penalty:
  """Where the critic is penalised, how strongly, and by which distance.

  Attributes:
    preset: gives every key below that the config leaves at None.
    points: law of the interpolates: where.
    controller: law of the weight: how strong.
    weight: weight0, lambda while ratio = 1.
    sides: slopes above the target only, or on both sides of it.
    target: slope that costs nothing; 0 for R1 and R2.
    target_law: target as given, or target times ratio (annealed).
    distance: what ratio is made of.
    smoothing: b, decay of the averages of gap and slope, per iteration.
    warmup_steps: iterations of plain WGAN-GP that set the reference.
    spread_min: least ratio that the warp sees, so that it keeps its support.
    floor: least weight, as a share of weight0.
    power: p of ratio^p; above 1 the slopes' overshoot would diverge.
    rate: largest change of ratio per iteration.
    decay: of the reference distance, per iteration.
    monotone: ratio never rises.
    static_ratio: the fixed ratio of near_real, near_fake and both_ends.
    noise: share of the images' deviation that dragan adds.
    decay_steps: length of the open-loop decays; 0 for the whole run.
    replay: metrics.jsonl of the run whose ratio and weight are replayed.
    pi_gain, pi_integral_gain: Kp and Ki of the pi controller.
    dual_rate, dual_tolerance: rho and tolerance of the dual controller.
    clip: largest absolute critic parameter; 0 for no clipping.
  """

  preset: str = 'iterative'
  points: str = 'warp'
  controller: str = 'iterative'
  weight: float = _within(10.0, 0)
  sides: str = _one_of('two', 'one')
  target: float = _within(1.0, 0)
  target_law: str = _one_of('constant', 'ratio')
  distance: str = 'gap_slope'
  smoothing: float = _within(0.99, 0, 1 - 1e-6)
  warmup_steps: int = _within(500, 0)
  spread_min: float = _within(0.1, 1e-3, 1)
  floor: float = _within(0.1, 0, 1)
  power: float = _within(1.0, 0, 1)
  rate: float = _within(0.02, 1e-6, 1)
  decay: float = _within(1.0, 0, 1)
  monotone: bool = False
  static_ratio: float = _within(0.25, 1e-3, 1)
  noise: float = _within(0.5, 0)
  decay_steps: int = _within(0, 0)
  replay: str = ''
  pi_gain: float = _within(1.0, 0)
  pi_integral_gain: float = _within(1e-3, 1e-9)
  dual_rate: float = _within(0.1, 0)
  dual_tolerance: float = _within(0.0, 0)
  clip: float = _within(0.0, 0)


# What each preset changes about the iterative one.
_CONSTANT = {'points': 'uniform', 'controller': 'constant'}
PRESETS: Mapping[str, Mapping[str, Any]] = {
  'iterative': {},
  'literal': {
    'points': 'ratio',
    'controller': 'literal',
    'distance': 'gap',
    'smoothing': 0.0,
    'warmup_steps': 1,
    'rate': 1.0,
  },
  'wgan': {**_CONSTANT, 'weight': 0.0, 'clip': 0.01},
  'wgan_gp': _CONSTANT,
  'wgan_lp': {**_CONSTANT, 'sides': 'one'},
  'r1': {**_CONSTANT, 'points': 'real', 'target': 0.0, 'weight': 5.0},
  'dragan': {**_CONSTANT, 'points': 'dragan'},
}


@dataclasses.dataclass(frozen=True)
class Optimizer:
  """One player's optimiser; schedules count generator steps.

  Attributes:
    name: `adam`, `rmsprop` or `sgd`.
    lr: learning rate at the start.
    b1, b2: decay of the two moments (adam); b1 is sgd's momentum and b2 is
      rmsprop's decay.
    schedule: how the rate moves from lr to lr * lr_end over train.steps.
    lr_end: the rate at the end, as a share of lr.
    clip_norm: largest global norm of a gradient; 0 for no clipping.
    weight_decay: decoupled from the gradient (Loshchilov & Hutter, 2019).
  """

  name: str = 'adam'
  lr: float = _within(1e-4, 0)
  b1: float = _within(0.5, 0, 1 - 1e-6)
  b2: float = _within(0.9, 0, 1 - 1e-6)
  schedule: str = 'constant'
  lr_end: float = _within(0.0, 0, 1)
  clip_norm: float = _within(0.0, 0)
  weight_decay: float = _within(0.0, 0)


@dataclasses.dataclass(frozen=True)
class Optim:
  """The two players' optimisers."""

  gen: Optimizer = Optimizer()
  critic: Optimizer = Optimizer()


@dataclasses.dataclass(frozen=True)
class Train:
  """The length and the rhythm of a run.

  Attributes:
    steps: iterations, each of critic_steps critic updates and one generator
      update.
    batch_size: images per critic update, over all devices.
    gen_batch_size: latents of the generator update; 0 for batch_size.
    critic_steps: K, critic updates per iteration.
    ema_decay: of the generator's averaged weights, per iteration.
  """

  steps: int = _within(10_000, 1)
  batch_size: int = _within(64, 2)
  gen_batch_size: int = _within(0, 0)
  critic_steps: int = _within(5, 1)
  ema_decay: float = _within(0.999, 0, 1)


@dataclasses.dataclass(frozen=True)
class Eval:
  """Sample grids and metrics of the averaged generator.

  Attributes:
    every_steps: distance between two grids, and two measurements.
    num_images: in a grid.
    metrics: names such as `fid1k_digits` (docs/metrics.md); none by default.
    split: of the real data that metrics compare with; empty for data.split.
    floor_split: other real data, whose metrics are the floor; empty for none.
    inception: the .npz of Inception's weights, where a metric needs it.
    resize: how images are brought to Inception's size.
  """

  every_steps: int = _within(1_000, 1)
  num_images: int = _within(64, 1, 4096)
  metrics: tuple[str, ...] = ()
  split: str = ''
  floor_split: str = ''
  inception: str = ''
  resize: str = _one_of('clean', 'legacy', 'legacy_tf')


@dataclasses.dataclass(frozen=True)
class Log:
  """Scalars: how often, and whether TensorBoard gets them too."""

  every_steps: int = _within(100, 1)
  tensorboard: bool = True


@dataclasses.dataclass(frozen=True)
class Checkpoint:
  """What is kept of the past.

  Attributes:
    every_steps: distance between two saves; the last step is always saved.
    max_to_keep: the newest so many are kept.
    keep_every_steps: saves at its multiples are kept for ever; 0 for none.
    best_metric: a name in metrics.jsonl or in eval.metrics; the save at which
      it was lowest is kept as well; empty for none.
  """

  every_steps: int = _within(1_000, 1)
  max_to_keep: int = _within(2, 1)
  keep_every_steps: int = _within(0, 0)
  best_metric: str = ''


@dataclasses.dataclass(frozen=True)
class Config:
  """A whole run."""

  seed: int = _within(0, 0, 2**31 - 1)
  game: str = 'wgan'
  data: Data = Data()
  net: Net = Net()
  penalty: Penalty = Penalty()
  optim: Optim = Optim()
  train: Train = Train()
  eval: Eval = Eval()
  log: Log = Log()
  checkpoint: Checkpoint = Checkpoint()
