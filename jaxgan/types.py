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
Metrics = dict[str, Array]  # Names as in metrics.jsonl, float32 scalars.
Score = Callable[[Array], Array]  # Images [B, H, W, C] -> float32 scores [B].

T = TypeVar('T')


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
