"""The train state: every value that changes what the next step does."""

import flax.struct
import jax
import jax.numpy as jnp
import optax

from jaxgan.gan import controller, optimizers
from jaxgan.gan import hyper as hyper_lib
from jaxgan.gan.hyper import Hyper
from jaxgan.gan.pool import Pool, empty
from jaxgan.gan.problem import Problem
from jaxgan.types import Array, Pair, Variables


@flax.struct.dataclass
class GANState:
  """The whole state of a run in one pytree, saved in one checkpoint.

  Attributes:
    step: finished iterations, int32.
    key: the run's PRNG key; constant, the step folds in its number.
    variables: parameters and batch statistics of both networks.
    opt: states of both optimizers.
    ema: moving average of the generator's variables.
    control: state of the penalty controller.
    diverged_step: first iteration, counted from 1, with a loss, a gradient norm
      or a norm of new variables that is not finite; or -1.
  """

  step: Array
  key: Array
  variables: Pair[Variables]
  opt: Pair[optax.OptState]
  ema: Variables
  control: controller.Control
  diverged_step: Array


@flax.struct.dataclass
class PooledState(GANState):
  """The state of a translation with `translation.pool`.

  Attributes:
    pool: past outputs of the generator.
  """

  pool: Pool


def keys(seed: Array | int) -> Array:
  """The keys [2] of the initial weights and of the training."""
  return jax.random.split(jax.random.key(seed))


def create(
  problem: Problem,
  seed: Array | int | None = None,
  hyper: Hyper | None = None,
) -> GANState:
  """The state before the first iteration.

  Args:
    problem: what is trained.
    seed: of weights and training; `config.seed` where None.
    hyper: hyper-parameters; those of the configuration where None.
  """
  config = problem.config
  hyper = hyper or hyper_lib.from_config(config)
  seed = config.seed if seed is None else seed
  init_key, run_key = keys(seed)
  variables = problem.networks.init(init_key)
  pair = optimizers.build(config, hyper)
  share = config.regularisers.augment_share
  state = GANState(
    step=jnp.zeros((), jnp.int32),
    key=run_key,
    variables=variables,
    opt=Pair(
      *(o.init(v['params']) for o, v in zip(pair, variables, strict=True))
    ),
    ema=jax.tree.map(jnp.copy, variables.gen),
    control=controller.init(config.penalty, hyper, share),
    diverged_step=jnp.full((), -1, jnp.int32),
  )
  if not config.translation.pool:
    return state
  return PooledState(**vars(state), pool=empty(config, problem.shape))
