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

from jaxgan.config import Config, pick
from jaxgan.gan import (
  augment,
  auxiliary,
  controller,
  distances,
  objective,
  optimizers,
  regularizers,
)
from jaxgan.gan import catalog as games
from jaxgan.gan import sharding as mesh_lib
from jaxgan.gan.networks import Players, remembered
from jaxgan.gan.state import GANState
from jaxgan.metrics import protocol
from jaxgan.nets import catalog as nets_lib
from jaxgan.nets import conditional
from jaxgan.nets.kernels import xla
from jaxgan.types import METRICS, Array, Batch, Metrics, Pair, Params, Variables

TrainStep = Callable[[GANState, Batch], tuple[GANState, Metrics]]
Player = tuple[Variables, optax.OptState]

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
  nets_lib.check(config.net)
  games.build(config)
  controller.build(config.penalty, config.train.steps)
  optimizers.build(config.optim, steps=1, critic_steps=1)
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
    self.players = Players(config.net, nets, examples)
    self.game = games.build(config)
    self.guesses = conditional.guesses(config.net)
    self.control = controller.build(config.penalty, train.steps)
    self.optimizers = optimizers.build(
      config.optim,
      steps=train.steps,
      critic_steps=train.critic_steps,
      gen_steps=train.gen_steps,
    )
    self.measure = _MEASURES.get(config.penalty.distance)
    self.see = regularizers.build(config.regularisers, train.steps)

  def __call__(self, state: GANState, batch: Batch) -> tuple[GANState, Metrics]:
    """(state, batch) -> (state, metrics), as `make_train_step` says."""
    # Every random number is a function of the step, so that a resumed run and
    # another arm of a comparison draw the same.
    key = jax.random.fold_in(state.key, state.step)
    gen_key, critic_key = jax.random.split(key)

    critic, metrics, seen = self.critic_updates(state, batch, critic_key)
    gen, gen_metrics = self.gen_updates(state, critic[0], batch, gen_key)
    control = self.control(state.control, seen, state.step)
    control = augment.adapt(control, seen, self.config.regularisers)

    metrics |= gen_metrics | {'distance': control.distance}
    share = state.control.share
    metrics['augmented'] = share if self.see.augments else 0 * share
    new_state = self._next(state, gen, critic, control, metrics)
    return new_state, metrics

  def critic_updates(
    self, state: GANState, batch: Batch, key: Array
  ) -> tuple[Player, Metrics, controller.Measurement]:
    """All critic updates of an iteration, in a loop inside the program.

    Args:
      state: before the iteration.
      batch: one fresh batch for each update.
      key: of latents and points.

    Returns:
      The critic's variables and optimiser state, and the metrics and the
      measurement of the last update.
    """
    steps = self.config.train.critic_steps

    def update(
      critic: Player, inputs: tuple[Batch, Array, Array]
    ) -> tuple[Player, tuple]:
      fresh, key, index = inputs
      latent_key, points_key = jax.random.split(key)
      # Beside the two that `split` gives, which are folds of 0 and 1.
      see_key, critic_key, noise_key = (
        jax.random.fold_in(key, i) for i in (2, 3, 4)
      )
      real = self.players.real(fresh.image)
      z = self.players.draw(latent_key, fresh.label, len(real))
      fake, _ = self.players.generate(state.variables.gen, z, noise_key)
      seen_real, seen_fake = (
        self.see(see_key, state.step, x, state.control.share)
        for x in (real, fake)
      )
      due = regularizers.due(
        self.config.regularisers, state.step * steps + index
      )
      turn = objective.Turn(points_key, state.control, due)
      variables, opt = critic

      def loss(params: Params) -> tuple[Array, tuple]:
        now = {**remembered(variables), 'params': params}
        score = self.players.score(now, fresh.label, critic_key)
        value, (metrics, seen) = self.game.critic_loss(
          score, seen_real, seen_fake, turn
        )
        value += regularizers.weights(params, self.config.regularisers)
        if self.guesses:
          asked = self._asked(now, fresh.label, z, critic_key)
          value += auxiliary.of_real(self.config.loss, asked, seen_real)
          value += auxiliary.of_fakes(self.config.loss, asked, seen_fake)[0]
        return value, ({**metrics, 'critic_loss': value}, seen)

      grads, (metrics, seen) = jax.grad(loss, has_aux=True)(variables['params'])
      params, opt = self._descend('critic', (variables['params'], opt), grads)
      statistics = self.players.statistics(
        variables, seen_real, fresh.label, critic_key
      )
      metrics['grad_norm_critic'] = optax.tree.norm(grads)
      critic = {**statistics, 'params': self._clip(params)}, opt
      return critic, (metrics, self._measured(seen, real, fake))

    start: Player = (dict(state.variables.critic), state.opt.critic)
    inputs = batch, jax.random.split(key, steps), jnp.arange(steps)
    critic, outs = jax.lax.scan(
      update, start, inputs, unroll=_unroll(self.config)
    )
    metrics, seen = jax.tree.map(lambda x: x[-1], outs)
    return critic, metrics, seen

  def gen_updates(
    self, state: GANState, critic: Variables, batch: Batch, key: Array
  ) -> tuple[Player, Metrics]:
    """All generator updates of an iteration, against one critic.

    Args:
      state: before the iteration.
      critic: its variables after its updates.
      batch: whose last labels the fakes get, and whose last examples the
        losses that compare with real ones.
      key: of the latents.

    Returns:
      The generator's variables and optimiser state, and the metrics of the
      last update.
    """
    gen: Player = state.variables.gen, state.opt.gen
    for i in range(self.config.train.gen_steps):
      fresh = jax.random.fold_in(key, i + 1) if i else key
      gen, metrics = self._gen_update(gen, critic, batch, fresh, state)
    return gen, metrics

  def _gen_update(
    self,
    gen: Player,
    critic: Variables,
    batch: Batch,
    key: Array,
    state: GANState,
  ) -> tuple[Player, Metrics]:
    image = batch.image[-1]
    size = self.config.train.gen_batch_size or len(image)
    label = jnp.resize(batch.label[-1], (size,))
    real = self.players.real(jnp.resize(image, (size, *image.shape[1:])))
    old, opt = gen
    see_key, critic_key, noise_key = jax.random.split(
      jax.random.fold_in(key, 1), 3
    )

    z = self.players.draw(key, label, size)

    def loss(params: Params) -> tuple[Array, tuple]:
      fake, statistics = self.players.generate(
        {**old, 'params': params}, z, noise_key
      )
      seen_real, seen_fake = (
        self.see(see_key, state.step, x, state.control.share)
        for x in (real, fake)
      )
      score = self.players.score(critic, label, critic_key)
      code = self.players.score(critic, label, critic_key, method='code')
      value = self.game.gen_loss(score, seen_real, seen_fake, code)
      value += regularizers.orthogonal(params, self.config.regularisers)
      right = jnp.zeros((), jnp.float32)
      if self.guesses:
        asked = self._asked(critic, label, z, critic_key)
        cost, right = auxiliary.of_fakes(self.config.loss, asked, seen_fake)
        value += cost
      return value, (fake, right, statistics)

    value_and_grad = jax.value_and_grad(loss, has_aux=True)
    (value, (fake, right, statistics)), grads = value_and_grad(old['params'])
    params, opt = self._descend('gen', (old['params'], opt), grads)
    metrics = {
      'gen_loss': value,
      'grad_norm_gen': optax.tree.norm(grads),
      'guessed': right,
      'diversity': distances.diversity(self.players.real(image), fake),
    }
    return ({'params': params, **statistics}, opt), metrics

  def _asked(
    self, critic: Variables, label: Array, z: Array, key: Array
  ) -> auxiliary.Asked:
    guess = self.players.score(critic, label, key, method='guess')
    return auxiliary.Asked(guess, label, self.players.latents.split(z))

  def _next(
    self,
    state: GANState,
    gen: Player,
    critic: Player,
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
      variables=Pair(gen[0], critic[0]),
      opt=Pair(gen[1], critic[1]),
      ema=optax.incremental_update(gen[0], state.ema, 1 - decay),
      control=control,
      diverged_step=jnp.where(first, state.step + 1, state.diverged_step),
    )

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


def _unroll(config: Config) -> int:
  """XLA:CPU's own convolutions are several times slower inside a loop."""
  slow_in_loops = xla.resolve(config.net.conv) == 'lax'
  on_cpu = jax.default_backend() == 'cpu'
  return config.train.critic_steps if on_cpu and slow_in_loops else 1
