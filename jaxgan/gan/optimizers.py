"""Optimizers and learning rate schedules by name, from optax."""

from collections.abc import Callable, Mapping

import jax
import jax.numpy as jnp
import optax

from jaxgan.config import Config, Optimizer
from jaxgan.gan.hyper import Hyper, Scalar
from jaxgan.types import Pair, Params

OPTIMIZERS: Mapping[
  str, Callable[[Optimizer], optax.GradientTransformation]
] = {
  'adam': lambda config: optax.scale_by_adam(config.b1, config.b2),
  'rmsprop': lambda config: optax.scale_by_rms(config.b2),
  'sgd': lambda config: optax.trace(config.b1),
}

SCHEDULES: Mapping[str, Callable[[Scalar, float, int], optax.Schedule]] = {
  'constant': lambda lr, end, steps: optax.constant_schedule(lr),
  'linear': lambda lr, end, steps: optax.linear_schedule(lr, lr * end, steps),
  'cosine': lambda lr, end, steps: optax.cosine_decay_schedule(lr, steps, end),
  'exponential': lambda lr, end, steps: optax.exponential_decay(lr, steps, end),
}


def build(config: Config, hyper: Hyper) -> Pair[optax.GradientTransformation]:
  """Builds the optimizers of generator and critic.

  Schedules count the updates of their own network, so that both end after
  `train.steps` iterations.

  Args:
    config: the run.
    hyper: gives the learning rates.
  """
  train, optim = config.train, config.optim
  return Pair(
    _build(optim.gen, hyper.gen_lr, train.steps, train.gen_steps),
    _build(optim.critic, hyper.critic_lr, train.steps, train.critic_steps),
  )


def _build(
  config: Optimizer, lr: Scalar, steps: int, updates: int
) -> optax.GradientTransformation:
  """One optimizer; `updates` is the number of its updates per iteration."""
  parts = [OPTIMIZERS[config.name](config)]
  if config.clip_norm:
    parts.insert(0, optax.clip_by_global_norm(config.clip_norm))
  if config.weight_decay:
    parts.append(optax.add_decayed_weights(config.weight_decay, _kernels))
  schedule = SCHEDULES[config.schedule](lr, config.lr_end, steps * updates)
  rate = _with_warmup(schedule, config.warmup_steps * updates)
  return optax.chain(*parts, optax.scale_by_learning_rate(rate))


def _with_warmup(schedule: optax.Schedule, updates: int) -> optax.Schedule:
  """Multiplies the first `updates` rates by (t + 1) / updates."""
  if not updates:
    return schedule
  return lambda t: schedule(t) * jnp.minimum((t + 1) / updates, 1.0)


def _kernels(params: Params) -> Params:
  """Mask of weight decay: kernels, not biases and scales."""
  return jax.tree.map(lambda x: x.ndim > 1, params)
