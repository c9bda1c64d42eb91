"""How long and how fast, and what is told and kept on the way."""

import dataclasses

from jaxgan.config.schema.fields import numbers, one_of, within


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
    warmup_steps: generator steps in which the rate rises to its schedule.
    clip_norm: largest global norm of a gradient; 0 for no clipping.
    weight_decay: decoupled from the gradient (Loshchilov & Hutter, 2019).
  """

  name: str = 'adam'
  lr: float = within(1e-4, 0)
  b1: float = within(0.5, 0, 1 - 1e-6)
  b2: float = within(0.9, 0, 1 - 1e-6)
  schedule: str = 'constant'
  lr_end: float = within(0.0, 0, 1)
  warmup_steps: int = within(0, 0)
  clip_norm: float = within(0.0, 0)
  weight_decay: float = within(0.0, 0)


@dataclasses.dataclass(frozen=True)
class Optim:
  """The two players' optimisers."""

  gen: Optimizer = Optimizer()
  critic: Optimizer = Optimizer()


@dataclasses.dataclass(frozen=True)
class Train:
  """The length and the rhythm of a run.

  Attributes:
    steps: iterations, each of critic_steps critic updates and then gen_steps
      generator updates.
    batch_size: images per critic update, over all devices.
    batch_doubles_at: iterations, rising, from each of which on batches are
      twice as large.
    gen_batch_size: latents of the generator update; 0 for as many as images
      in a batch.
    critic_steps: K, critic updates per iteration.
    gen_steps: generator updates per iteration, with latents of their own.
    ema_decay: of the generator's averaged weights, per iteration.
  """

  steps: int = within(10_000, 1)
  batch_size: int = within(64, 2)
  batch_doubles_at: tuple[int, ...] = numbers(1)
  gen_batch_size: int = within(0, 0)
  critic_steps: int = within(5, 1)
  gen_steps: int = within(1, 1)
  ema_decay: float = within(0.999, 0, 1)


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

  every_steps: int = within(1_000, 1)
  num_images: int = within(64, 1, 4096)
  metrics: tuple[str, ...] = ()
  split: str = ''
  floor_split: str = ''
  inception: str = ''
  resize: str = one_of('clean', 'legacy', 'legacy_tf')


@dataclasses.dataclass(frozen=True)
class Log:
  """Scalars: how often, and whether TensorBoard gets them too."""

  every_steps: int = within(100, 1)
  tensorboard: bool = True


@dataclasses.dataclass(frozen=True)
class Guard:
  """What is done about a run that fails (docs/failures.md).

  Attributes:
    action: what follows a failure: a warning, nothing, the end of the run, or
      its last good checkpoint, from which it goes on with other latents.
    patience: logged steps in a row that must show a failure.
    diversity: below it, samples are taken for collapsed.
    gradient: below this norm of the generator's gradient, a critic that tells
      all examples apart is taken to have won.
    slope: above it, slopes are taken for exploding, in scores per unit of data.
    rollbacks: how many times a run goes back before it ends.
  """

  action: str = one_of('warn', 'off', 'stop', 'rollback')
  patience: int = within(3, 1)
  diversity: float = within(0.1, 0)
  gradient: float = within(1e-4, 0)
  slope: float = within(1_000.0, 0)
  rollbacks: int = within(3, 0)


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

  every_steps: int = within(1_000, 1)
  max_to_keep: int = within(2, 1)
  keep_every_steps: int = within(0, 0)
  best_metric: str = ''
