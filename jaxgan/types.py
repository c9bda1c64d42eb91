"""Types, shape letters and image ranges that every package shares.

Shapes in docstrings use one letter per axis:

  B        batch size: examples in one batch, over all devices
  K        critic updates per iteration (`train.critic_steps`)
  H, W, C  height, width and channels of an image, as in [B, H, W, C]
  D        numbers per example of a data set of vectors, as in [B, D]
  Z        size of the latent vector
  N        examples in a whole data set
  R        runs that are trained together under vmap

Images are uint8 in [0, 255] on the host and float32 in [-1, 1] in the nets.
`to_float` and `to_uint8` convert between the two ranges.
"""

from collections.abc import Callable, Mapping
from typing import Any, Generic, NamedTuple, TypeVar

import jax
import jax.numpy as jnp
import numpy as np

Array = jax.Array
Params = Any  # A pytree of float32 arrays.
Variables = Mapping[str, Any]  # Flax's {'params': ..., 'batch_stats': ...}.
Metrics = dict[str, Array]  # Float32 scalars, keyed by the names below.
Score = Callable[[Array], Array]  # Images [B, H, W, C] -> float32 scores [B].

# A function of a whole batch -> the same of the part of it that is at hand,
# with the random numbers of the whole batch (`Microbatches.in_place`).
InPlace = Callable[[Callable[[Array], Array]], Callable[[Array], Array]]

T = TypeVar('T')

# The scalars that a training step returns and the loop logs. D(x) is the
# critic's score of a real example and D(x~) that of a generated one. If an
# iteration has several critic updates, the values are those of the last one.
# The middle score is 0 or 1/2 for losses that separate real from generated at
# a fixed score; for the others it is the mean of score_real and score_fake.
METRICS: Mapping[str, str] = {
  'gap': 'mean D(x) - mean D(x~)',
  'critic_loss': 'loss of the critic; Wasserstein: -gap + weight * penalty',
  'penalty': 'gradient penalty before it is multiplied by its weight',
  'penalty_share': 'weight * penalty / |gap|',
  'slope': 'mean gradient norm |dD/dx| at the points of the penalty',
  'weight': 'weight of the penalty (lambda) that this iteration used',
  'ratio': 'distance / reference distance that this iteration used',
  'distance': 'newest estimate of the distance, in units of the data',
  'score_real': 'mean D(x)',
  'score_fake': 'mean D(x~)',
  'accuracy_real': 'share of real examples that score above the middle',
  'accuracy_fake': 'share of generated examples that score below the middle',
  'grad_norm_critic': 'global norm of the critic loss gradient',
  'gen_loss': 'loss of the generator; Wasserstein: -mean D(G(z))',
  'grad_norm_gen': 'global norm of the generator loss gradient',
  'augmented': 'share of the images that are augmented before the critic',
  'guessed': 'share of generated examples whose code or label the auxiliary '
  'head predicts correctly',
  'diversity': 'distance between generated examples / between real ones; 0 if '
  'all generated examples are equal',
}


class Pair(NamedTuple, Generic[T]):
  """One value for the generator and one for the critic.

  Used for networks, variables, optimizers and their states.
  """

  gen: T
  critic: T


class Batch(NamedTuple):
  """The real examples of one iteration.

  Attributes:
    image: [K, B, H, W, C] uint8, or [K, B, D] float32 for vectors: one batch
      for each critic update.
    label: [K, B] int32; zeros if the data set has no labels.
  """

  image: Array
  label: Array


def whole(function: Callable[[Array], Array]) -> Callable[[Array], Array]:
  """The `InPlace` of a batch that is not split: the function itself."""
  return function


def to_float(image: Array) -> Array:
  """Converts uint8 in [0, 255] to float32 in [-1, 1].

  Vectors in float32 keep their values.

  Args:
    image: [..., H, W, C] uint8, or [..., D] float32.

  Returns:
    The same shape in float32; 0 becomes -1 and 255 becomes 1.
  """
  if image.dtype == jnp.uint8:
    return image.astype(jnp.float32) / 127.5 - 1.0
  return image.astype(jnp.float32)


def to_uint8(image: np.ndarray) -> np.ndarray:
  """Converts float32 in [-1, 1] to uint8 in [0, 255].

  Rounds to the nearest integer and clips values outside the range. It inverts
  `to_float` exactly.

  Args:
    image: [..., H, W, C] float32.

  Returns:
    The same shape in uint8.
  """
  scaled = np.rint((np.asarray(image) + 1.0) * 127.5)
  return np.clip(scaled, 0, 255).astype(np.uint8)
