"""Cosine schedules over the run, as R3GAN has for all its hyper-parameters.

Huang et al. (2024): learning rates and the penalty's weight fall; Adam's b2,
the half-life of the averaged weights and the share of augmented images rise.
All end after `train.schedule_steps` iterations and then stay. `optimizers` has
those of rates and b2, and `controller` that of the weight.
"""

import jax.numpy as jnp

from jaxgan.config import Config
from jaxgan.types import Array


def length(config: Config) -> int:
  """Iterations of the schedules of a run that have no length of their own."""
  return config.train.schedule_steps or config.train.steps


def fall(progress: Array) -> Array:
  """(1 + cos(pi t)) / 2: from 1 at progress t = 0 to 0 at t = 1."""
  return (1 + jnp.cos(jnp.pi * progress)) / 2


def cosine(start: float, end: float, step: Array, steps: int) -> Array:
  """end + (start - end) (1 + cos(pi t)) / 2 with t = min(step / steps, 1).

  Args:
    start: value at step 0.
    end: value from `steps` on.
    step: an int32 scalar, from 0.
    steps: length of the schedule, at least 1.

  Returns:
    A float32 scalar between start and end.
  """
  progress = jnp.minimum(step / steps, 1.0).astype(jnp.float32)
  return end + (start - end) * fall(progress)


def ema_decay(config: Config, step: Array, images: int) -> Array:
  """Decay of the averaged generator weights in iteration `step`, from 0.

  .5^(images / h) with a half-life h in images, which rises along a cosine from
  0 to `train.ema_images`, so that the average forgets the initial weights.

  Args:
    config: the run.
    step: an int32 scalar.
    images: number of images per iteration.

  Returns:
    A float32 scalar in [0, 1).
  """
  half_life = cosine(0.0, config.train.ema_images, step, length(config))
  return 0.5 ** (images / jnp.maximum(half_life, 1e-8))


def augment_share(config: Config, step: Array) -> Array:
  """Share in [0, 1] of the images that iteration `step`, from 0, augments."""
  keys = config.regularisers
  return cosine(keys.augment_share, keys.augment_end, step, length(config))
