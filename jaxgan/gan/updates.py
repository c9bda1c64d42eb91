"""The updates of one iteration: of the critic, then of the generator.

Pure functions of the hyper-parameters, the state, the batch and a key. They are
the only callers of the optimizers.
"""

import functools
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax
from jax.sharding import NamedSharding

from jaxgan.gan import (
  auxiliary,
  controller,
  distances,
  microbatches,
  objective,
  optimizers,
  reconstruction,
  regularizers,
  schedules,
)
from jaxgan.gan.hyper import Hyper
from jaxgan.gan.networks import statistics_of
from jaxgan.gan.pool import Pool, exchange
from jaxgan.gan.problem import Problem
from jaxgan.gan.state import GANState, PooledState
from jaxgan.nets import conditional
from jaxgan.types import Array, Batch, Metrics, Params, Variables, whole


class Player(NamedTuple):
  """One network in training; a critic may have a pool of past fakes."""

  variables: Variables
  opt: optax.OptState
  pool: Pool | None = None


class UpdateInputs(NamedTuple):
  """Inputs of one critic update: examples, key and number of the update."""

  batch: Batch
  key: Array
  number: Array


class Updates:
  """All updates of one iteration of a problem."""

  def __init__(
    self, problem: Problem, examples: NamedSharding | None = None
  ) -> None:
    """Builds what the updates need.

    Args:
      problem: what is trained.
      examples: sharding of [B, ...]; None leaves it to the compiler.
    """
    config = problem.config
    self.config = config
    self.networks = problem.networks
    self.examples = examples
    self.parts = microbatches.of(config, examples)
    self.objective = objective.build(config)
    self.transform = regularizers.build(
      config.regularisers, schedules.length(config)
    )
    self.compare = reconstruction.build(config, problem.shape)
    self.predicts = conditional.has_auxiliary(config.net)
    self.batch_distance = distances.OF_BATCHES.get(config.penalty.distance)
    self.unroll = config.train.critic_steps if problem.slow_in_loops else 1

  def critic_updates(
    self, hyper: Hyper, state: GANState, batch: Batch, key: Array
  ) -> tuple[Player, Metrics, controller.Measurement]:
    """Runs all critic updates of an iteration, in a loop inside the program.

    Args:
      hyper: the hyper-parameters.
      state: before the iteration.
      batch: [K, B, ...], one part for each update.
      key: of latents and points.

    Returns:
      The critic after its updates, and the metrics and the measurement of the
      last one.
    """
    steps = self.config.train.critic_steps
    update = functools.partial(self._critic_update, hyper, state)
    pool = state.pool if isinstance(state, PooledState) else None
    start = Player(dict(state.variables.critic), state.opt.critic, pool)
    inputs = UpdateInputs(
      batch, jax.random.split(key, steps), jnp.arange(steps)
    )
    critic, outs = jax.lax.scan(update, start, inputs, unroll=self.unroll)
    metrics, measurement = jax.tree.map(lambda x: x[-1], outs)
    return critic, metrics, measurement

  def _critic_update(
    self, hyper: Hyper, state: GANState, critic: Player, inputs: UpdateInputs
  ) -> tuple[Player, tuple[Metrics, controller.Measurement]]:
    """One critic update against the generator of `state`."""
    config, label = self.config, inputs.batch.label
    latent_key, points_key = jax.random.split(inputs.key)
    # Not the two keys of `split`, which are folds of 0 and 1.
    transform_key, critic_key, noise_key = (
      jax.random.fold_in(inputs.key, i) for i in (2, 3, 4)
    )
    real = self.networks.real(inputs.batch.image)
    z = self._latents(latent_key, label, len(real))
    fake = self._fakes(state.variables.gen, z, noise_key)
    old, pool = fake, critic.pool
    if pool:
      pool_key = jax.random.fold_in(inputs.key, 5)
      old, pool = exchange(pool, pool_key, fake)
    inputs_real, inputs_fake = self._transform(transform_key, state, real, old)
    update = state.step * config.train.critic_steps + inputs.number
    due = None
    if config.regularisers.lazy > 1:
      due = regularizers.penalty_due(config.regularisers, update)
    penalty = objective.PenaltyInputs(points_key, state.control, due)
    variables = critic.variables

    def loss(params: Params, part: Any, number: Any) -> tuple[Array, tuple]:
      real, fake, label, z = part
      now = {**statistics_of(variables), 'params': params}
      score = self.networks.score(now, label, critic_key)
      some = self.objective.choose(label)
      inputs = penalty._replace(
        score=self.networks.score(now, some, critic_key),
        in_place=self._in_place(number),
      )
      value, seen = self.objective.critic_loss(score, real, fake, inputs)
      if config.regularisers.l1 or config.regularisers.l2:
        value += regularizers.kernel_norms(params, config.regularisers)
      if self.predicts:
        targets = auxiliary.targets(self.networks, now, label, z, critic_key)
        value += auxiliary.real_loss(config.loss, targets, real)
        value += auxiliary.fake_loss(config.loss, targets, fake)[0]
      return value, (seen, ())

    (value, (seen, _)), grads = self._value_and_grad(
      loss, variables['params'], (inputs_real, inputs_fake, label, z)
    )
    metrics, measurement = self.objective.report(seen, penalty)
    metrics['critic_loss'] = value
    optimizer = optimizers.build(config, hyper).critic
    params, opt = optimizers.apply(
      optimizer, variables['params'], critic.opt, grads
    )
    statistics = self.networks.statistics(
      variables, inputs_real, label, critic_key
    )
    metrics['grad_norm_critic'] = optax.tree.norm(grads)
    if self.batch_distance is not None:
      distance = self.batch_distance(real, fake)
      measurement = measurement._replace(distance=distance)
    params = optimizers.clipped(params, config.penalty.clip)
    updated = Player({**statistics, 'params': params}, opt, pool)
    return updated, (metrics, measurement)

  def gen_updates(
    self,
    hyper: Hyper,
    state: GANState,
    critic: Variables,
    batch: Batch,
    key: Array,
  ) -> tuple[Player, Metrics]:
    """Runs all generator updates of an iteration, against one critic.

    Args:
      hyper: the hyper-parameters.
      state: before the iteration.
      critic: its variables after its updates.
      batch: whose last labels the fakes get; its last examples are for losses
        that compare with real ones.
      key: of the latents.

    Returns:
      The generator after its updates, and the metrics of the last one.
    """
    gen = Player(state.variables.gen, state.opt.gen)
    for i in range(self.config.train.gen_steps):
      # Folds 1 to 3 of a key are in use: by its update and by `Latents.draw`.
      update_key = jax.random.fold_in(key, i + 3) if i else key
      gen, metrics = self._gen_update(
        hyper, state, gen, critic, batch, update_key
      )
    return gen, metrics

  def _gen_update(
    self,
    hyper: Hyper,
    state: GANState,
    gen: Player,
    critic: Variables,
    batch: Batch,
    key: Array,
  ) -> tuple[Player, Metrics]:
    """One generator update against one critic."""
    config, image = self.config, batch.image[-1]
    size = config.train.gen_batch_size or len(image)
    label = jnp.resize(batch.label[-1], (size, *batch.label.shape[2:]))
    real = self.networks.real(jnp.resize(image, (size, *image.shape[1:])))
    variables = gen.variables
    transform_key, critic_key, noise_key = jax.random.split(
      jax.random.fold_in(key, 1), 3
    )
    z = self._latents(key, label, size)

    def loss(params: Params, part: Any, number: Any) -> tuple[Array, tuple]:
      real, label, z = part
      now = {**variables, 'params': params}
      fake, statistics = self.networks.generate(now, z, noise_key)
      score = self.networks.score(critic, label, critic_key)
      code = self.networks.score(critic, label, critic_key, method='code')

      def scored(fake: Array) -> tuple[Array, Array]:
        both = self._transform(transform_key, state, real, fake, number)
        return self.objective.gen_loss(score, *both, code), both[1]

      value, inputs_fake = scored(fake)
      if self.compare:
        update = reconstruction.Update(
          params,
          lambda p, z: self._generate({**variables, 'params': p}, noise_key, z),
          lambda fake: scored(fake)[0], z, real,
        )  # fmt: skip
        value = self.compare.total(value, fake, update)
      if self.networks.table:
        value += self.networks.table.cost(fake, label)
      if config.regularisers.orthogonal:
        value += regularizers.orthogonal(params, config.regularisers)
      accuracy = jnp.zeros((), jnp.float32)
      if self.predicts:
        targets = auxiliary.targets(self.networks, critic, label, z, critic_key)
        cost, accuracy = auxiliary.fake_loss(config.loss, targets, inputs_fake)
        value += cost
      return value, (fake, (accuracy, statistics))

    old, optimizer = variables['params'], optimizers.build(config, hyper).gen
    (value, (fake, (accuracy, statistics))), grads = self._value_and_grad(
      loss, old, (real, label, z)
    )
    params, opt = optimizers.apply(optimizer, old, gen.opt, grads)
    metrics = {
      'gen_loss': value,
      'grad_norm_gen': optax.tree.norm(grads),
      'guessed': accuracy,
      'diversity': distances.diversity(self.networks.real(image), fake),
    }
    return Player({'params': params, **statistics}, opt), metrics

  def _value_and_grad(self, loss: Any, params: Params, examples: Any) -> Any:
    if self.parts:
      return self.parts.value_and_grad(loss, params, examples)
    return jax.value_and_grad(loss, has_aux=True)(params, examples, None)

  def _generate(self, gen: Variables, key: Array, z: Array) -> Array:
    return self.networks.generate(gen, z, key)[0]

  def _fakes(self, gen: Variables, z: Array, key: Array) -> Array:
    generate = functools.partial(self._generate, gen, key)
    return self.parts.map(generate, z) if self.parts else generate(z)

  def _latents(self, key: Array, label: Array, size: int) -> Array:
    """[B, width] latents for labels [B], split over the devices."""
    z = self.networks.latents.draw(key, size, label)
    if self.examples is None:
      return z
    return jax.lax.with_sharding_constraint(z, self.examples)

  def _transform(
    self,
    key: Array,
    state: GANState,
    real: Array,
    fake: Array,
    number: Array | None = None,
  ) -> tuple[Array, Array]:
    """The critic's inputs: both batches or parts, noised, augmented alike."""
    if self.transform is None:
      return real, fake
    transform: Any = functools.partial(
      self.transform.__call__, key, state.step, share=state.control.share
    )
    transform = self._in_place(number)(transform)
    return transform(real), transform(fake)

  def _in_place(self, number: Array | None) -> Any:
    """Makes a function of a whole batch one of a part; None for the whole."""
    if self.parts is None or number is None:
      return whole
    return functools.partial(self.parts.in_place, number=number)
