"""The sections of optimizers, training and logs, and the whole `Config`."""

import dataclasses

from jaxgan.config.schema.data import Data
from jaxgan.config.schema.fields import free, one_of, within
from jaxgan.config.schema.net import Net
from jaxgan.config.schema.objective import Loss, Penalty, Regularizers
from jaxgan.config.schema.translation import Translation

# fmt: off


@dataclasses.dataclass(frozen=True)
class Optimizer:
  """The optimizer of one net; its schedule counts iterations."""

  name: str = one_of('adam', 'rmsprop', 'sgd', doc='Optimizer of optax.')
  lr: float = within(1e-4, 0, doc='Learning rate at the start.')
  b1: float = within(0.5, 0, 1 - 1e-6, doc=
    'Decay of the first moment (adam); momentum (sgd).')
  b2: float = within(0.9, 0, 1 - 1e-6, doc=
    'Decay of the second moment (adam, rmsprop).')
  b2_end: float = within(0.0, 0, 1 - 1e-6, doc=
    'Final b2 of adam, reached along a cosine (R3GAN). 0 for a constant b2.')
  schedule: str = one_of('constant', 'linear', 'cosine', 'exponential', doc=
    'Learning rate over the run, from lr to lr * lr_end at '
    'train.schedule_steps, or train.steps where that is 0.')
  lr_end: float = within(0.0, 0, 1, doc='Final learning rate as a share of lr.')
  warmup_steps: int = within(0, 0, doc=
    'Iterations of linear warm-up of the learning rate.')
  clip_norm: float = within(0.0, 0, doc=
    'Largest global norm of a gradient; 0 for no clipping.')
  weight_decay: float = within(0.0, 0, doc=
    'Decoupled weight decay (Loshchilov & Hutter, 2019).')


@dataclasses.dataclass(frozen=True)
class Optim:
  """The optimizers of both nets."""

  gen: Optimizer = Optimizer()
  critic: Optimizer = Optimizer()


@dataclasses.dataclass(frozen=True)
class Train:
  """The length of a run, its batches and its updates."""

  steps: int = within(10_000, 1, doc=
    'Iterations, each of critic_steps critic updates and gen_steps generator '
    'updates.')
  schedule_steps: int = within(0, 0, doc=
    'Iterations of all schedules that have no length of their own; then their '
    'values stay. 0 for train.steps.')
  batch_size: int = within(64, 2, doc=
    'Real examples per critic update, over all devices.')
  batch_doubles_at: tuple[int, ...] = within((), 1, doc=
    'Iterations, in ascending order, at which the batch size doubles.')
  gen_batch_size: int = within(0, 0, doc=
    'Latents per generator update; 0 for the size of the real batch.')
  critic_steps: int = within(5, 1, doc='K, critic updates per iteration.')
  gen_steps: int = within(1, 1, doc=
    'Generator updates per iteration, each with new latents.')
  ema_decay: float = within(0.999, 0, 1, doc=
    'Decay per iteration of the moving average of the generator weights.')
  ema_images: int = within(0, 0, doc=
    'Half-life of that average in images, batch_size per iteration; it rises '
    'along a cosine from 0 to this and replaces ema_decay (R3GAN). 0 for '
    'ema_decay.')
  precision: str = one_of('float32', 'tf32', 'bf16', doc=
    'Arithmetic of both nets. float32: true float32 on every device. tf32: '
    'TF32 on a GPU, three bfloat16 passes on a TPU, float32 on a CPU. bf16: '
    'activations bfloat16; parameters, scores, losses, gradient norms and the '
    'controller stay float32 (docs/gpu.md).')
  remat: bool = free(False, doc=
    'Computes activations of the nets again in the backward pass: less memory, '
    'more time.')
  microbatches: int = within(1, 1, doc=
    'Parts of the batch of each update, one after another, whose gradients are '
    'averaged: less memory, more time.')


@dataclasses.dataclass(frozen=True)
class Eval:
  """Sample grids and metrics of the averaged generator."""

  every_steps: int = within(1_000, 1, doc=
    'Iterations between sample grids, and between measurements.')
  num_images: int = within(64, 1, 4096, doc='Images per sample grid.')
  metrics: tuple[str, ...] = free((), doc=
    'Names of metrics, such as fid1k_digits (docs/metrics.md).')
  split: str = free('', doc=
    'Split of the real data of the metrics; empty for data.split.')
  floor_split: str = free('', doc=
    'Split of other real data, whose metrics are the floor: the values that '
    'real data reach. Empty for none.')
  inception: str = free('', doc=
    '.npz of the Inception weights, for the metrics that need them.')
  classifier: str = free('', doc=
    '.npz of jaxgan.classify, for the metrics of the feature net classifier.')
  resize: str = one_of('clean', 'legacy', 'legacy_tf', doc=
    'Method that resizes images for Inception.')


@dataclasses.dataclass(frozen=True)
class Log:
  """Logs of scalars."""

  every_steps: int = within(100, 1, doc='Iterations between logged scalars.')
  tensorboard: bool = free(True, doc='Also writes TensorBoard files.')
  report: bool = free(True, doc=
    'Writes report.html at the end, if the extra report is installed.')


@dataclasses.dataclass(frozen=True)
class Guard:
  """Detection of failed runs (docs/failures.md)."""

  action: str = one_of('warn', 'off', 'stop', 'rollback', doc=
    'Action at a failure. rollback restores the last good checkpoint and '
    'continues with other latents.')
  patience: int = within(3, 1, doc=
    'Consecutive logged iterations that must show the failure.')
  diversity: float = within(0.1, 0, doc='Mode collapse: diversity below this.')
  gradient: float = within(1e-4, 0, doc=
    'Critic too strong: it separates all examples, and the norm of the '
    'gradient of the generator is below this.')
  slope: float = within(1_000.0, 0, doc=
    'Exploding critic: its gradient norm, in scores per unit of data, is above '
    'this.')
  rollbacks: int = within(3, 0, doc='Rollbacks before the run stops.')


@dataclasses.dataclass(frozen=True)
class Checkpoint:
  """How often checkpoints are saved, and which are kept."""

  every_steps: int = within(1_000, 1, doc=
    'Iterations between checkpoints; the last iteration is always saved.')
  max_to_keep: int = within(2, 1, doc='Number of newest checkpoints to keep.')
  keep_every_steps: int = within(0, 0, doc=
    'Checkpoints at multiples of this are kept forever; 0 for none.')
  best_metric: str = free('', doc=
    'A name in metrics.jsonl or in eval.metrics. The checkpoint with its '
    'lowest value is kept as well. Empty for none.')


@dataclasses.dataclass(frozen=True)
class Config:
  """The configuration of a run."""

  seed: int = within(0, 0, 2**31 - 1, doc=
    'Seed of all random numbers: weights, data order, latents, points.')
  game: str = one_of('gan', 'translation', doc=
    'Kind of training: gan turns latents into images, translation turns input '
    'images into images.')
  data: Data = Data()
  translation: Translation = Translation()
  net: Net = Net()
  loss: Loss = Loss()
  penalty: Penalty = Penalty()
  regularisers: Regularizers = Regularizers()
  optim: Optim = Optim()
  train: Train = Train()
  eval: Eval = Eval()
  log: Log = Log()
  guard: Guard = Guard()
  checkpoint: Checkpoint = Checkpoint()
