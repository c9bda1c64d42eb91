"""What keeps the critic from being too sure, beside the gradient penalty.

Three places: what the critic sees (noise and augmentation, of real examples
and fakes alike, the same for example i of both, so that a point between the
two has seen the same), what its parameters cost, and what its scores cost.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp

from jaxgan.config import Regularisers, pick
from jaxgan.gan import augment
from jaxgan.types import Array, Params, Score


class Sight(NamedTuple):
  """What the critic sees of examples.

  Attributes:
    config: of the regularisers.
    noise_steps: iterations until there is no noise.
  """

  config: Regularisers
  noise_steps: int

  @property
  def augments(self) -> bool:
    """Whether any image is ever augmented, but for consistency."""
    shares = self.config.augment_share, self.config.augment_target
    return bool(self.config.augment) and any(shares)

  def __call__(self, key: Array, step: Array, x: Array, share: Array) -> Array:
    """Examples [B, ...] in the same range, as the critic gets them.

    Args:
      key: equal keys change example i of any batch in the same way.
      step: of the iteration, from 0.
      x: [B, ...] float32.
      share: of the images that are augmented, a scalar.
    """
    augment_key, noise_key = jax.random.split(key)
    if self.augments:
      x = augment.some(augment_key, x, self.config, share)
    if self.config.noise:
      left = 1 - jnp.minimum(step / self.noise_steps, 1.0)
      noise = jax.random.normal(noise_key, x.shape)
      # Instance noise (Sonderby et al., 2017; Arjovsky & Bottou, 2017).
      x = x + self.config.noise * left * noise
    return x


def build(config: Regularisers, steps: int) -> Sight:
  """The sight of a configuration.

  Args:
    config: of the regularisers.
    steps: length of the run, and of the noise unless it says otherwise.

  Raises:
    ValueError: an augmentation of no known name, or a consistency without any.
  """
  for name in config.augment:
    pick('regularisers.augment', name, augment.AUGMENTS)
  if config.consistency and not config.augment:
    raise ValueError(
      f'regularisers.consistency is {config.consistency:g} and '
      'regularisers.augment names nothing to be consistent under; name some of '
      f'{", ".join(sorted(augment.AUGMENTS))}.'
    )
  if config.augment_target and not config.augment:
    raise ValueError(
      f'regularisers.augment_target is {config.augment_target:g} and '
      'regularisers.augment names nothing whose share could adapt; name some '
      f'of {", ".join(sorted(augment.AUGMENTS))}.'
    )
  return Sight(config, config.noise_steps or steps)


def check_shape(config: Regularisers, shape: tuple[int, ...]) -> None:
  """Looks whether examples of a shape can be augmented.

  Raises:
    ValueError: an augmentation of vectors.
  """
  if config.augment and len(shape) == 1:
    raise ValueError(
      f'regularisers.augment is {", ".join(config.augment)} and the data are '
      f'vectors of {shape[0]} values; only images can be augmented.'
    )


def due(config: Regularisers, update: Array) -> Array | None:
  """Whether the penalty is taken in a critic update, counted from 0.

  Returns:
    A boolean, true in every `lazy`-th; None where that is in each.
  """
  return None if config.lazy == 1 else (update + 1) % config.lazy == 0


def weights(params: Params, config: Regularisers) -> Array:
  """l1 sum |w| + l2 sum w^2 over kernels; biases and scales are no kernels."""
  kernels = [w for w in jax.tree.leaves(params) if w.ndim > 1]
  total = jnp.zeros((), jnp.float32)
  if config.l1:
    total += config.l1 * sum(jnp.sum(jnp.abs(w)) for w in kernels)
  if config.l2:
    total += config.l2 * sum(jnp.sum(jnp.square(w)) for w in kernels)
  return total


def orthogonal(params: Params, config: Regularisers) -> Array:
  """beta sum |W^T W o (1 - I)|^2 over kernels (Brock et al., 2019, equation 3).

  W has a column for each output, or a row where there are fewer inputs; what
  its columns have in common costs, and their lengths are free.

  Args:
    params: of the generator.
    config: `orthogonal` is beta.

  Returns:
    A float32 scalar.
  """
  total = jnp.zeros((), jnp.float32)
  if not config.orthogonal:
    return total
  for kernel in (w for w in jax.tree.leaves(params) if w.ndim > 1):
    w = kernel.reshape(-1, kernel.shape[-1])
    gram = w.T @ w if w.shape[0] >= w.shape[1] else w @ w.T
    total += jnp.sum(jnp.square(gram - jnp.diag(jnp.diag(gram))))
  return config.orthogonal * total


def against(score: Score, x: Array, length: float) -> Array:
  """Examples moved by `length` towards a higher score, or lower if negative.

  One step along the gradient, in the direction that hurts the critic's loss:
  real examples go down and fakes up (Goodfellow et al., 2015, with the
  Euclidean norm instead of the largest entry).

  Args:
    score: the critic.
    x: [B, ...] float32.
    length: Euclidean, in the units of x.

  Returns:
    [B, ...]; no gradient flows through the move.
  """
  gradient = jax.grad(lambda x: jnp.sum(score(x)))(x)
  axes = tuple(range(1, x.ndim))
  square = jnp.sum(jnp.square(gradient), axis=axes, keepdims=True)
  move = length * gradient / jnp.sqrt(square + 1e-12)
  return x + jax.lax.stop_gradient(move)


def consistency(
  score: Score, x: Array, scores: Array, key: Array, config: Regularisers
) -> Array:
  """mean (D(x) - D(T(x)))^2 with an augmentation T (Zhang et al., 2020)."""
  changed = augment.all_of(key, x, config.augment)
  return jnp.mean(jnp.square(scores - score(changed)))
