"""The train state: every value that changes what the next step does."""

import flax.linen as nn
import flax.struct
import jax
import jax.numpy as jnp
import optax

from jaxgan.config import Config
from jaxgan.gan import controller
from jaxgan.gan import optimizers as optim
from jaxgan.nets import catalog as nets_lib
from jaxgan.nets import latents
from jaxgan.types import Array, Pair, Variables


@flax.struct.dataclass
class GANState:
  """One pytree, one checkpoint.

  Attributes:
    step: iterations that are over, int32.
    key: the run's key; the step folds its number into it, so it never moves.
    variables: both nets' parameters and statistics.
    opt: both optimisers' states.
    ema: the generator's variables, averaged over iterations.
    control: the penalty controller.
    diverged_step: the first iteration with a loss that was not finite, or -1.
  """

  step: Array
  key: Array
  variables: Pair[Variables]
  opt: Pair[optax.OptState]
  ema: Variables
  control: controller.Control
  diverged_step: Array


def create(
  config: Config, nets: Pair[nn.Module], shape: tuple[int, ...]
) -> GANState:
  """The state before the first iteration, a function of `config.seed`.

  Args:
    config: the run.
    nets: as built by `nets.build`.
    shape: of one image, (H, W, C), or of one vector, (D,).
  """
  init_key, run_key = jax.random.split(jax.random.key(config.seed))
  variables = nets_lib.init(nets, init_key, latents.of(config.net).width, shape)
  optimizers = optim.build(
    config.optim,
    steps=config.train.steps,
    critic_steps=config.train.critic_steps,
    gen_steps=config.train.gen_steps,
  )
  return GANState(
    step=jnp.zeros((), jnp.int32),
    key=run_key,
    variables=variables,
    opt=Pair(
      *(o.init(v['params']) for o, v in zip(optimizers, variables, strict=True))
    ),
    ema=jax.tree.map(jnp.copy, variables.gen),
    control=controller.init(config.penalty, config.regularisers.augment_share),
    diverged_step=jnp.full((), -1, jnp.int32),
  )
