"""One training iteration: critic updates, generator update, controller.

The only jitted program of training: a pure function (state, batch) -> (state,
metrics) over a mesh of devices. The state is replicated, the batch is split,
and every mean runs over the whole batch, so that one device and eight agree.
"""

import dataclasses
import functools
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import optax
from jax.sharding import Mesh, NamedSharding

from jaxgan.gan import augment, controller, schedules
from jaxgan.gan import hyper as hyper_lib
from jaxgan.gan import sharding as sharding_lib
from jaxgan.gan.hyper import Hyper
from jaxgan.gan.problem import Problem
from jaxgan.gan.state import GANState
from jaxgan.gan.updates import Player, Updates
from jaxgan.types import Batch, Metrics, Pair

TrainStep = Callable[[GANState, Batch], tuple[GANState, Metrics]]

# Metrics that are finite unless the iteration has broken the run.
_FINITE = 'critic_loss', 'gen_loss', 'grad_norm_critic', 'grad_norm_gen'


def make_train_step(problem: Problem, mesh: Mesh) -> TrainStep:
  """Jits the training iteration of a problem; the state is donated.

  Args:
    problem: what is trained.
    mesh: from `sharding.make_mesh`.

  Returns:
    A function (state, batch) -> (state, metrics); metrics are float32
    scalars of the iteration's last critic update and of its generator update.
  """
  layout = sharding_lib.shardings(mesh)
  step = Step(problem, layout.examples)
  return jax.jit(
    functools.partial(step, hyper_lib.from_config(problem.config)),
    donate_argnums=0,
    in_shardings=(layout.state, layout.batch),
    out_shardings=layout.state,
  )


class Step:
  """The pure function (hyper, state, batch) -> (state, metrics)."""

  def __init__(
    self, problem: Problem, examples: NamedSharding | None = None
  ) -> None:
    """Builds the parts of the step.

    Args:
      problem: what is trained.
      examples: sharding of [B, ...]; None leaves it to the compiler.
    """
    config = problem.config
    self.config = config
    self.updates = Updates(problem, examples)
    self.prepare = problem.prepare
    self.controller = controller.build(config.penalty, schedules.length(config))

  def __call__(
    self, hyper: Hyper, state: GANState, batch: Batch
  ) -> tuple[GANState, Metrics]:
    """Runs one iteration.

    Args:
      hyper: the hyper-parameters.
      state: before the iteration.
      batch: [K, B, ...], one part for each critic update.

    Returns:
      The state after it, and its metrics (`types.METRICS`).
    """
    # Of losses and regularizers; `Networks` sets that of the nets.
    with jax.default_matmul_precision('highest'):
      return self._iterate(hyper, state, batch)

  def _iterate(
    self, hyper: Hyper, state: GANState, batch: Batch
  ) -> tuple[GANState, Metrics]:
    # All randomness is a function of the step, so that a resumed run and the
    # other arms of a comparison draw the same numbers.
    key = jax.random.fold_in(state.key, state.step)
    gen_key, critic_key = jax.random.split(key)
    if self.prepare:  # Not the folds 0 and 1, which are the two keys above.
      batch = self.prepare(jax.random.fold_in(key, 2), batch)

    critic, metrics, measurement = self.updates.critic_updates(
      hyper, state, batch, critic_key
    )
    gen, gen_metrics = self.updates.gen_updates(
      hyper, state, critic.variables, batch, gen_key
    )
    control = self.controller(state.control, measurement, state.step, hyper)
    if self.config.regularisers.augment_target:
      control = augment.adapt(control, measurement, self.config.regularisers)
    if self.config.regularisers.augment_end:
      share = schedules.augment_share(self.config, state.step + 1)
      control = control._replace(share=share)

    metrics |= gen_metrics | {'distance': control.distance}
    share = state.control.share
    transform = self.updates.transform
    augments = transform is not None and transform.augments
    metrics['augmented'] = share if augments else 0 * share
    images = batch.label.shape[1] * self.config.net.pack
    state = self._next(state, Pair(gen, critic), control, metrics, images)
    return state, metrics

  def _next(
    self,
    state: GANState,
    players: Pair[Player],
    control: controller.Control,
    metrics: Metrics,
    images: int,
  ) -> GANState:
    """The state after the iteration."""
    gen, critic = players
    # Norms, since finite weights may be too large for any forward pass.
    sizes = [metrics[name] for name in _FINITE]
    sizes += [optax.tree.norm(player.variables) for player in players]
    finite = jnp.isfinite(jnp.stack(sizes)).all()
    first = (state.diverged_step < 0) & ~finite
    # A shorter average at the start, so that it forgets the initial weights.
    decay = jnp.minimum(
      self.config.train.ema_decay, (1 + state.step) / (10 + state.step)
    )
    if self.config.train.ema_images:
      decay = schedules.ema_decay(self.config, state.step, images)
    more: dict[str, Any] = {'pool': critic.pool} if critic.pool else {}
    return dataclasses.replace(
      state,
      step=state.step + 1,
      variables=Pair(gen.variables, critic.variables),
      opt=Pair(gen.opt, critic.opt),
      ema=optax.incremental_update(gen.variables, state.ema, 1 - decay),
      control=control,
      diverged_step=jnp.where(first, state.step + 1, state.diverged_step),
      **more,
    )
