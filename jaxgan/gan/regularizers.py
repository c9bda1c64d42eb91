"""Regularizers of the critic in addition to the gradient penalty.

They act in three places: on the critic's inputs (noise and augmentation, the
same for example i of the real and of the fake batch, so that a point between
the two is treated alike), on its parameters, and on its scores.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp

from jaxgan.config import Regularizers
from jaxgan.gan import augment
from jaxgan.types import Array, Params, Score


class InputTransform(NamedTuple):
  """Augmentation and noise on all inputs of the critic.

  Attributes:
    config: of the regularizers.
    noise_steps: iterations until the noise has decayed to 0.
  """

  config: Regularizers
  noise_steps: int

  @property
  def augments(self) -> bool:
    """Whether images are augmented, apart from the consistency term."""
    config = self.config
    shares = config.augment_share, config.augment_target, config.augment_end
    return bool(config.augment) and any(shares)

  def __call__(self, key: Array, step: Array, x: Array, share: Array) -> Array:
    """Transforms examples; shape and range stay.

    Args:
      key: equal keys change example i of any batch in the same way.
      step: of the iteration, from 0.
      x: [B, ...] float32.
      share: share of the images that are augmented, a scalar.
    """
    augment_key, noise_key = jax.random.split(key)
    if self.augments:
      x = augment.augment_share(augment_key, x, self.config, share)
    if self.config.noise:
      left = 1 - jnp.minimum(step / self.noise_steps, 1.0)
      noise = jax.random.normal(noise_key, x.shape)
      # Instance noise (Sonderby et al., 2017; Arjovsky & Bottou, 2017).
      x = x + self.config.noise * left * noise
    return x


def build(config: Regularizers, steps: int) -> InputTransform | None:
  """Builds the input transform of a configuration; None for no transform.

  Args:
    config: of the regularizers.
    steps: of the noise where `noise_steps` is 0.
  """
  transform = InputTransform(config, config.noise_steps or steps)
  return transform if transform.augments or config.noise else None


def penalty_due(config: Regularizers, update: Array) -> Array:
  """Whether critic update number `update`, from 0, applies a lazy penalty."""
  return (update + 1) % config.lazy == 0


def kernel_norms(params: Params, config: Regularizers) -> Array:
  """l1 sum |w| + l2 sum w^2 over kernels, not over biases and scales."""
  kernels = [w for w in jax.tree.leaves(params) if w.ndim > 1]
  total = jnp.zeros((), jnp.float32)
  if config.l1:
    total += config.l1 * sum(jnp.sum(jnp.abs(w)) for w in kernels)
  if config.l2:
    total += config.l2 * sum(jnp.sum(jnp.square(w)) for w in kernels)
  return total


def orthogonal(params: Params, config: Regularizers) -> Array:
  """beta sum |W^T W o (1 - I)|^2 over kernels (Brock et al., 2019, equation 3).

  W has a column for each output, or a row where there are fewer inputs. Inner
  products of columns are penalized, their lengths are free.

  Args:
    params: of the generator.
    config: `orthogonal` is beta.

  Returns:
    A float32 scalar.
  """
  total = jnp.zeros((), jnp.float32)
  for kernel in (w for w in jax.tree.leaves(params) if w.ndim > 1):
    w = kernel.reshape(-1, kernel.shape[-1])
    gram = w.T @ w if w.shape[0] >= w.shape[1] else w @ w.T
    total += jnp.sum(jnp.square(gram - jnp.diag(jnp.diag(gram))))
  return config.orthogonal * total


def adversarial(score: Score, x: Array, length: float) -> Array:
  """Adversarial examples: one gradient step of `length` up the score.

  With a negative length it moves real examples down, with a positive one fakes
  up; both hurt the critic's loss (Goodfellow et al., 2015, with the Euclidean
  norm instead of the largest entry).

  Args:
    score: the critic.
    x: [B, ...] float32.
    length: Euclidean, in the units of x.

  Returns:
    [B, ...]; no gradient flows through the step.
  """
  gradient = jax.grad(lambda x: jnp.sum(score(x)))(x)
  axes = tuple(range(1, x.ndim))
  square = jnp.sum(jnp.square(gradient), axis=axes, keepdims=True)
  move = length * gradient / jnp.sqrt(square + 1e-12)
  return x + jax.lax.stop_gradient(move)


def consistency(
  score: Score, x: Array, scores: Array, key: Array, config: Regularizers
) -> Array:
  """mean (D(x) - D(T(x)))^2 with an augmentation T (Zhang et al., 2020)."""
  augmented = augment.augment_all(key, x, config.augment)
  return jnp.mean(jnp.square(scores - score(augmented)))
