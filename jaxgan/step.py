"""One iteration: critic_steps critic updates, one generator update, lambda.

The only caller of the optimisers, and the only place that is jitted for
training. It is a pure function (state, batch) -> (state, metrics) over a mesh
of devices: the state stands on each, the batch is spread, and every mean runs
over the whole batch, so that one device and eight agree.
"""

import dataclasses
from collections.abc import Callable, Mapping

import flax.linen as nn
import jax
import jax.numpy as jnp
import optax
from jax.sharding import Mesh, NamedSharding

from jaxgan import mesh as mesh_lib
from jaxgan import optim
from jaxgan.config import pick
from jaxgan.data.ranges import to_float
from jaxgan.games import catalog as games
from jaxgan.games import controller, distances
from jaxgan.metrics import protocol
from jaxgan.nets import catalog as nets_lib
from jaxgan.nets import conv
from jaxgan.schema import Config
from jaxgan.state import GANState
from jaxgan.types import (
  METRICS,
  Array,
  Batch,
  Metrics,
  Pair,
  Params,
  Variables,
)

TrainStep = Callable[[GANState, Batch], tuple[GANState, Metrics]]
Critic = tuple[Params, optax.OptState]

# Distances that are measured on the batch instead of asked of the critic.
_MEASURES: Mapping[str, Callable[[Array, Array], Array]] = {
  'sliced': distances.sliced,
  'energy': distances.energy,
}


def check_names(config: Config) -> None:
  """Builds what needs no data, so that a bad name fails before any is read.

  Raises:
    ValueError: a name in the configuration that nothing answers to.
  """
  pick('net.name', config.net.name, nets_lib.NETS)
  games.build(config)
  controller.build(config.penalty, config.train.steps)
  optim.build(config.optim, steps=1, critic_steps=1)
  measured = {name: protocol.parse(name) for name in config.eval.metrics}
  best = config.checkpoint.best_metric
  if best:
    pick('checkpoint.best_metric', best, {**METRICS, **measured})
  if best in measured and measured[best].kind.better != 'low':
    raise ValueError(
      f'checkpoint.best_metric is {best}, whose lowest value is not the best; '
      'it must be one of which less is better.'
    )


def make_train_step(
  config: Config, nets: Pair[nn.Module], mesh: Mesh
) -> TrainStep:
  """The jitted iteration of a configuration; the state is donated.

  Args:
    config: the run.
    nets: as built by `nets.build`.
    mesh: from `mesh.make_mesh`.

  Returns:
    A function (state, batch) -> (state, metrics); metrics are float32 scalars
    of the iteration's last critic update, and of its generator update.

  Raises:
    ValueError: a name in the configuration that nothing answers to.
  """
  where = mesh_lib.shardings(mesh)
  iteration = Iteration(config, nets, where.examples)
  return jax.jit(
    iteration,
    donate_argnums=0,
    in_shardings=(where.state, where.batch),
    out_shardings=where.state,
  )


class Iteration:
  """The pure function behind `make_train_step`, told in paragraphs."""

  def __init__(
    self,
    config: Config,
    nets: Pair[nn.Module],
    examples: NamedSharding | None = None,
  ) -> None:
    train = config.train
    self.config = config
    self.nets = nets
    self.game = games.build(config)
    self.control = controller.build(config.penalty, train.steps)
    self.optimizers = optim.build(
      config.optim, steps=train.steps, critic_steps=train.critic_steps
    )
    self.examples = examples
    self.measure = _MEASURES.get(config.penalty.distance)

  def __call__(self, state: GANState, batch: Batch) -> tuple[GANState, Metrics]:
    """(state, batch) -> (state, metrics), as `make_train_step` says."""
    # Every random number is a function of the step, so that a resumed run and
    # another arm of a comparison draw the same.
    key = jax.random.fold_in(state.key, state.step)
    gen_key, critic_key = jax.random.split(key)

    critic, metrics, seen = self.critic_updates(state, batch, critic_key)
    gen, gen_metrics = self.gen_update(state, critic[0], batch, gen_key)
    control = self.control(state.control, seen, state.step)

    metrics |= gen_metrics | {'distance': control.distance}
    new_state = self._next(state, gen, critic, control, metrics)
    return new_state, metrics

  def critic_updates(
    self, state: GANState, batch: Batch, key: Array
  ) -> tuple[Critic, Metrics, controller.Measurement]:
    """All critic updates of an iteration, in a loop inside the program.

    Args:
      state: before the iteration.
      batch: one fresh batch for each update.
      key: of latents and points.

    Returns:
      The critic's parameters and optimiser state, and the metrics and the
      measurement of the last update.
    """
    steps = self.config.train.critic_steps
    statistics = _without_params(state.variables.critic)

    def update(
      critic: Critic, inputs: tuple[Batch, Array]
    ) -> tuple[Critic, tuple]:
      fresh, key = inputs
      latent_key, points_key = jax.random.split(key)
      real = to_float(fresh.image)
      fake, _ = self.generate(
        state.variables.gen, latent_key, fresh.label, len(real)
      )

      def loss(params: Params) -> tuple[Array, tuple]:
        score = self.score({'params': params, **statistics}, fresh.label)
        return self.game.critic_loss(
          score, real, fake, points_key, state.control
        )

      grads, (metrics, seen) = jax.grad(loss, has_aux=True)(critic[0])
      critic = self._descend('critic', critic, grads)
      critic = (self._clip(critic[0]), critic[1])
      metrics['grad_norm_critic'] = optax.tree.norm(grads)
      return critic, (metrics, self._measured(seen, real, fake))

    start = (state.variables.critic['params'], state.opt.critic)
    keys = jax.random.split(key, steps)
    critic, outs = jax.lax.scan(
      update, start, (batch, keys), unroll=_unroll(self.config)
    )
    metrics, seen = jax.tree.map(lambda x: x[-1], outs)
    return critic, metrics, seen

  def gen_update(
    self, state: GANState, critic: Params, batch: Batch, key: Array
  ) -> tuple[tuple[Variables, optax.OptState], Metrics]:
    """The generator update of an iteration.

    Args:
      state: before the iteration.
      critic: the parameters after its updates.
      batch: whose last labels the fakes get.
      key: of the latents.

    Returns:
      The generator's variables and optimiser state, and the metrics.
    """
    size = self.config.train.gen_batch_size or self.config.train.batch_size
    label = jnp.resize(batch.label[-1], (size,))
    old = state.variables.gen
    frozen = {**state.variables.critic, 'params': critic}

    def loss(params: Params) -> tuple[Array, Variables]:
      fake, statistics = self.generate(
        {**old, 'params': params}, key, label, size
      )
      return self.game.gen_loss(self.score(frozen, label), fake), statistics

    value_and_grad = jax.value_and_grad(loss, has_aux=True)
    (value, statistics), grads = value_and_grad(old['params'])
    params, opt = self._descend('gen', (old['params'], state.opt.gen), grads)
    metrics = {'gen_loss': value, 'grad_norm_gen': optax.tree.norm(grads)}
    return ({'params': params, **statistics}, opt), metrics

  def _next(
    self,
    state: GANState,
    gen: tuple[Variables, optax.OptState],
    critic: Critic,
    control: controller.Control,
    metrics: Metrics,
  ) -> GANState:
    finite = jnp.isfinite(metrics['critic_loss'] + metrics['gen_loss'])
    first = (state.diverged_step < 0) & ~finite
    # Early averages would otherwise remember the initial weights for long.
    decay = jnp.minimum(
      self.config.train.ema_decay, (1 + state.step) / (10 + state.step)
    )
    return dataclasses.replace(
      state,
      step=state.step + 1,
      variables=Pair(gen[0], {**state.variables.critic, 'params': critic[0]}),
      opt=Pair(gen[1], critic[1]),
      ema=optax.incremental_update(gen[0], state.ema, 1 - decay),
      control=control,
      diverged_step=jnp.where(first, state.step + 1, state.diverged_step),
    )

  def generate(
    self, variables: Variables, key: Array, label: Array, size: int
  ) -> tuple[Array, Variables]:
    """[B, ...] fakes spread over the devices, and the updated statistics."""
    z = jax.random.normal(key, (size, self.config.net.latent_size))
    if self.examples is not None:
      z = jax.lax.with_sharding_constraint(z, self.examples)
    statistics = list(_without_params(variables))
    return self.nets.gen.apply(
      variables, z, label, train=True, mutable=statistics
    )

  def score(
    self, variables: Variables, label: Array
  ) -> Callable[[Array], Array]:
    """The critic as a function of images alone: labels come along."""
    statistics = list(_without_params(variables))

    def score(image: Array) -> Array:
      # Batch norm in a critic (without a penalty) always uses its own batch.
      return self.nets.critic.apply(
        variables, image, label, train=True, mutable=statistics
      )[0]

    return score

  def _descend(
    self, player: str, state: tuple[Params, optax.OptState], grads: Params
  ) -> tuple[Params, optax.OptState]:
    optimizer = getattr(self.optimizers, player)
    updates, opt = optimizer.update(grads, state[1], state[0])
    return optax.apply_updates(state[0], updates), opt

  def _clip(self, params: Params) -> Params:
    """Weight clipping of the original WGAN (Arjovsky et al., 2017)."""
    bound = self.config.penalty.clip
    if not bound:
      return params
    return jax.tree.map(lambda x: jnp.clip(x, -bound, bound), params)

  def _measured(
    self, seen: controller.Measurement, real: Array, fake: Array
  ) -> controller.Measurement:
    if self.measure is None:
      return seen
    return seen._replace(distance=self.measure(real, fake))


def _without_params(variables: Variables) -> dict:
  return {name: v for name, v in variables.items() if name != 'params'}


def _unroll(config: Config) -> int:
  """XLA:CPU's own convolutions are several times slower inside a loop."""
  slow_in_loops = conv.resolve(config.net.conv) == 'lax'
  on_cpu = jax.default_backend() == 'cpu'
  return config.train.critic_steps if on_cpu and slow_in_loops else 1
