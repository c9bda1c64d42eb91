"""Optimizers and schedules of their rates by name, from optax."""

from collections.abc import Callable, Mapping

import jax
import jax.numpy as jnp
import optax

from jaxgan.config import Config, Optimizer
from jaxgan.gan import schedules
from jaxgan.gan.hyper import Hyper, Scalar
from jaxgan.types import Pair, Params

# (configuration, updates of the schedules) -> updates of length 1.
OPTIMIZERS: Mapping[
  str, Callable[[Optimizer, int], optax.GradientTransformation]
] = {
  'adam': lambda config, updates: _adam(config, updates),
  'rmsprop': lambda config, updates: optax.scale_by_rms(config.b2),
  'sgd': lambda config, updates: optax.trace(config.b1),
}

SCHEDULES: Mapping[str, Callable[[Scalar, float, int], optax.Schedule]] = {
  'constant': lambda lr, end, steps: optax.constant_schedule(lr),
  'linear': lambda lr, end, steps: optax.linear_schedule(lr, lr * end, steps),
  'cosine': lambda lr, end, steps: optax.cosine_decay_schedule(lr, steps, end),
  'exponential': lambda lr, end, steps: _exponential(lr, end, steps),
}


def build(config: Config, hyper: Hyper) -> Pair[optax.GradientTransformation]:
  """Builds the optimizers of generator and critic.

  Schedules count the updates of their own network, so that both end after
  `train.schedule_steps` iterations, or `train.steps` where that is 0.

  Args:
    config: the run.
    hyper: gives the learning rates.
  """
  train, optim = config.train, config.optim
  steps = train.schedule_steps or train.steps
  return Pair(
    _build(optim.gen, hyper.gen_lr, steps, train.gen_steps),
    _build(optim.critic, hyper.critic_lr, steps, train.critic_steps),
  )


def learning_rate(
  config: Optimizer, lr: Scalar, steps: int, updates: int
) -> optax.Schedule:
  """The learning rate of one optimizer as a function of its updates.

  Args:
    config: the optimizer; gives the schedule, its end and the warm-up.
    lr: the rate at the start.
    steps: iterations of the schedule.
    updates: of the optimizer per iteration.
  """
  schedule = SCHEDULES[config.schedule](lr, config.lr_end, steps * updates)
  return _with_warmup(schedule, config.warmup_steps * updates)


def clipped(params: Params, bound: float) -> Params:
  """Weight clipping of the original WGAN (Arjovsky et al., 2017); 0 is none."""
  if not bound:
    return params
  return jax.tree.map(lambda x: jnp.clip(x, -bound, bound), params)


def apply(
  optimizer: optax.GradientTransformation,
  params: Params,
  opt: optax.OptState,
  grads: Params,
) -> tuple[Params, optax.OptState]:
  """One update: the new parameters and the new state of the optimizer."""
  updates, opt = optimizer.update(grads, opt, params)
  return optax.apply_updates(params, updates), opt


def _build(
  config: Optimizer, lr: Scalar, steps: int, updates: int
) -> optax.GradientTransformation:
  """One optimizer; `updates` is the number of its updates per iteration."""
  parts = [OPTIMIZERS[config.name](config, steps * updates)]
  if config.clip_norm:
    parts.insert(0, optax.clip_by_global_norm(config.clip_norm))
  if config.weight_decay:
    parts.append(optax.add_decayed_weights(config.weight_decay, _kernels))
  rate = learning_rate(config, lr, steps, updates)
  return optax.chain(*parts, optax.scale_by_learning_rate(rate))


def _adam(config: Optimizer, updates: int) -> optax.GradientTransformation:
  """Adam, whose b2 may move along a cosine to `b2_end`.

  The state stays that of Adam. As in R3GAN, the correction of the second moment
  is 1 - b2^t with the present b2, which is 1 long before b2 has moved.
  """
  adam = optax.scale_by_adam(config.b1, config.b2)
  if not config.b2_end:
    return adam

  def update(
    grads: Params, state: optax.ScaleByAdamState, params: Params | None = None
  ) -> tuple[Params, optax.ScaleByAdamState]:
    b2 = schedules.cosine(config.b2, config.b2_end, state.count, updates)
    return optax.scale_by_adam(config.b1, b2).update(grads, state, params)

  return optax.GradientTransformation(adam.init, update)


def _exponential(lr: Scalar, end: float, steps: int) -> optax.Schedule:
  """An exponential decay from lr to lr end, and constant after `steps`."""
  decay = optax.exponential_decay(lr, steps, end)
  return lambda t: decay(jnp.minimum(t, steps))


def _with_warmup(schedule: optax.Schedule, updates: int) -> optax.Schedule:
  """Multiplies the first `updates` rates by (t + 1) / updates."""
  if not updates:
    return schedule
  return lambda t: schedule(t) * jnp.minimum((t + 1) / updates, 1.0)


def _kernels(params: Params) -> Params:
  """Mask of weight decay: kernels, not biases and scales."""
  return jax.tree.map(lambda x: x.ndim > 1, params)
