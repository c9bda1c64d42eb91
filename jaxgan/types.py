"""The words that every module shares, and the letters of their shapes.

Shapes in docstrings use one letter per axis:

  B  examples of a batch, over all devices
  K  critic steps of one iteration
  H, W, C  height, width and channels of an image; vectors are [B, D]
  Z  size of the latent vector

Images are uint8 in [0, 255] outside the jitted step and float32 in [-1, 1]
inside; `data/ranges.py` holds the two converters.
"""

from collections.abc import Callable, Mapping
from typing import Any, Generic, NamedTuple, TypeVar

import jax

Array = jax.Array
Params = Any  # A tree of float32 arrays.
Variables = Mapping[str, Any]  # flax's {'params': ..., 'batch_stats': ...}.
Metrics = dict[str, Array]  # The names below, float32 scalars.
Score = Callable[[Array], Array]  # Images [B, H, W, C] -> float32 scores [B].

T = TypeVar('T')

# What each iteration tells, in metrics.jsonl and TensorBoard. All but the last
# five are of the last critic update.
METRICS: Mapping[str, str] = {
  'gap': 'mean D(x) - mean D(x~)',
  'critic_loss': 'what the critic minimises; with the Wasserstein loss -gap + '
  'weight penalty',
  'penalty': 'GP, without its weight',
  'penalty_share': 'weight penalty / |gap|: the realised share',
  'slope': 'mean norm of dD/dx at the points',
  'weight': 'lambda, as it was used',
  'ratio': 'distance over its reference, as it was used',
  'distance': 'the newest estimate, in units of the data',
  'score_real': 'mean D(x)',
  'score_fake': 'mean D(x~)',
  'accuracy_real': 'share of real above the score between real and fake',
  'accuracy_fake': 'share of fake below it',
  'grad_norm_critic': 'global norm of its gradient',
  'gen_loss': 'what the generator minimises; mostly -mean D(G(z))',
  'grad_norm_gen': 'global norm of its gradient',
  'augmented': 'share of the images that the critic sees augmented',
  'guessed': 'share of fakes whose code, or label, the critic guesses right',
  'diversity': 'how far fakes are apart: 0 where all are one, 1 as real',
}


class Pair(NamedTuple, Generic[T]):
  """The same thing for both players: nets, variables, optimisers, states."""

  gen: T
  critic: T


class Batch(NamedTuple):
  """What one iteration reads.

  Attributes:
    image: [K, B, H, W, C] uint8, or [K, B, D] float32 for vectors: one fresh
      batch for each critic step.
    label: [K, B] int32; zeros where the data set has no labels.
  """

  image: Array
  label: Array
