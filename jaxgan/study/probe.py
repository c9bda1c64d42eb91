"""What the critic looks like at real data, at fakes and between them."""

from collections.abc import Callable

import flax.linen as nn
import jax
import jax.numpy as jnp

from jaxgan.config import Config
from jaxgan.gan import penalty, points, vmapped
from jaxgan.gan.networks import Players
from jaxgan.gan.state import GANState
from jaxgan.types import Array, Batch, Pair

Probe = Callable[[GANState, Batch], dict[str, Array]]

# Apart from the keys of the training, which fold in the step alone.
_PURPOSE = 2**31 - 1


def make_probe(config: Config, nets: Pair[nn.Module]) -> Probe:
  """The jitted probe of several runs.

  Args:
    config: what they share; their seeds are in their states.
    nets: as built by `nets.build`.

  Returns:
    A function (states [R, ...], batches [R, K, B, ...]) -> mean slopes [R] on
    the last batch: `slope_real`, `slope_fake` and, at points drawn uniformly
    whatever the run's own law is, `slope_between`.
  """
  players = Players(config.net, nets)

  def one(state: GANState, batch: Batch) -> dict[str, Array]:
    key = jax.random.fold_in(
      jax.random.fold_in(state.key, _PURPOSE), state.step
    )
    latent_key, alpha_key = jax.random.split(key)
    critic_key, noise_key = (jax.random.fold_in(key, i) for i in (1, 2))
    real, label = players.real(batch.image[-1]), batch.label[-1]
    z = players.draw(latent_key, label, len(real))
    fake, _ = players.generate(state.variables.gen, z, noise_key)
    score = players.score(state.variables.critic, label, critic_key)
    alpha = jax.random.uniform(alpha_key, real.shape[:1])
    places = {
      'slope_real': real,
      'slope_fake': fake,
      'slope_between': points.interpolate(real, fake, alpha),
    }
    return {k: jnp.mean(penalty.slopes(score, x)) for k, x in places.items()}

  return jax.jit(vmapped.mapped(one))
