"""Mean gradient norms of the critic at real data, at fakes and between them."""

from collections.abc import Callable

import jax
import jax.numpy as jnp

from jaxgan.gan import penalty, points, vmapped
from jaxgan.gan.problem import Problem
from jaxgan.gan.state import GANState
from jaxgan.types import Array, Batch

Probe = Callable[[GANState, Batch], dict[str, Array]]

# Folded into the key: the training folds in only the step.
_PURPOSE = 2**31 - 1


def make_probe(problem: Problem) -> Probe:
  """Returns a jitted function that measures the critics of several runs.

  Args:
    problem: shared by the runs; their states differ.

  Returns:
    A function (states [R, ...], batches [R, K, B, ...]) -> mean gradient norms
    [R] on the last batch: `slope_real`, `slope_fake`, and `slope_between` at
    points drawn uniformly between them, also if the penalty uses others.
  """
  networks = problem.networks

  def probe_one(state: GANState, batch: Batch) -> dict[str, Array]:
    key = jax.random.fold_in(state.key, _PURPOSE)
    key = jax.random.fold_in(key, state.step)
    latent_key, alpha_key = jax.random.split(key)
    critic_key, noise_key = (jax.random.fold_in(key, i) for i in (1, 2))
    real, label = networks.real(batch.image[-1]), batch.label[-1]
    z = networks.latents.draw(latent_key, len(real), label)
    fake, _ = networks.generate(state.variables.gen, z, noise_key)
    score = networks.score(state.variables.critic, label, critic_key)
    alpha = jax.random.uniform(alpha_key, real.shape[:1])
    at = {
      'slope_real': real,
      'slope_fake': fake,
      'slope_between': points.interpolate(real, fake, alpha),
    }
    return {k: jnp.mean(penalty.slopes(score, x)) for k, x in at.items()}

  return jax.jit(vmapped.mapped(probe_one))
