"""The optimisers by name, each with a schedule, from optax."""

from collections.abc import Callable, Mapping

import jax
import jax.numpy as jnp
import optax

from jaxgan.config import Optim, Optimizer, pick
from jaxgan.types import Pair, Params

OPTIMIZERS: Mapping[
  str, Callable[[Optimizer], optax.GradientTransformation]
] = {
  'adam': lambda config: optax.scale_by_adam(config.b1, config.b2),
  'rmsprop': lambda config: optax.scale_by_rms(config.b2),
  'sgd': lambda config: optax.trace(config.b1),
}

SCHEDULES: Mapping[str, Callable[[float, float, int], optax.Schedule]] = {
  'constant': lambda lr, end, steps: optax.constant_schedule(lr),
  'linear': lambda lr, end, steps: optax.linear_schedule(lr, lr * end, steps),
  'cosine': lambda lr, end, steps: optax.cosine_decay_schedule(lr, steps, end),
  'exponential': lambda lr, end, steps: optax.exponential_decay(lr, steps, end),
}


def build(
  config: Optim, *, steps: int, critic_steps: int, gen_steps: int = 1
) -> Pair[optax.GradientTransformation]:
  """Both players' optimisers.

  Args:
    config: one Optimizer each.
    steps: iterations until a schedule reaches its end.
    critic_steps: critic updates per iteration; the critic's schedule runs in
      its own updates, and so ends at the same time.
    gen_steps: generator updates per iteration.

  Returns:
    A pair of optax transformations.

  Raises:
    ValueError: unknown `name` or `schedule`, or an exponential one to 0.
  """
  return Pair(
    _build('optim.gen', config.gen, steps, gen_steps),
    _build('optim.critic', config.critic, steps, critic_steps),
  )


def _build(
  key: str, config: Optimizer, steps: int, each: int
) -> optax.GradientTransformation:
  scale = pick(f'{key}.name', config.name, OPTIMIZERS)(config)
  schedule = pick(f'{key}.schedule', config.schedule, SCHEDULES)
  if config.schedule == 'exponential' and config.lr_end == 0:
    raise ValueError(
      f'{key}.lr_end is 0 and {key}.schedule is exponential, which never '
      'reaches 0; give the share of lr at which it shall end.'
    )
  parts = [scale]
  if config.clip_norm:
    parts.insert(0, optax.clip_by_global_norm(config.clip_norm))
  if config.weight_decay:
    parts.append(optax.add_decayed_weights(config.weight_decay, _kernels))
  rate = _warmed_up(
    schedule(config.lr, config.lr_end, steps * each),
    config.warmup_steps * each,
  )
  return optax.chain(*parts, optax.scale_by_learning_rate(rate))


def _warmed_up(schedule: optax.Schedule, updates: int) -> optax.Schedule:
  """The schedule times (t + 1) / updates for its first so many updates t."""
  if not updates:
    return schedule
  return lambda t: schedule(t) * jnp.minimum((t + 1) / updates, 1.0)


def _kernels(params: Params) -> Params:
  """Marks what weight decay shrinks: kernels, not biases and scales."""
  return jax.tree.map(lambda x: x.ndim > 1, params)
