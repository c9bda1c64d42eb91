"""Grids of samples of fixed inputs, drawn again and again during a run."""

import jax
import numpy as np

from jaxgan.gan.generator import Generator
from jaxgan.gan.problem import Problem
from jaxgan.gan.translation import truths

# Seed of the latents, different from every key of the training.
_SEED = 2**31 - 1

_COLUMNS = 9  # Of a grid of inputs, outputs and truths.


class Grid:
  """Draws the grid of a generator.

  That of a translation shows input, output and truth side by side.
  """

  def __init__(self, problem: Problem, images: np.ndarray | None) -> None:
    """Draws the inputs.

    Args:
      problem: what is trained; `eval.num_images` is the number of images.
      images: [N, H, W, C] uint8, which a translation is shown on.
    """
    key, num = jax.random.key(_SEED), problem.config.eval.num_images
    self._translation = problem.translation
    if self._translation is None:
      self._inputs = problem.latents.draw(key, num)
      return
    assert images is not None  # `train` loads them.
    shown = np.asarray(images[: -(-num // 3)])
    self._inputs = self._translation.of_images(key, shown)
    self._truths = truths(self._translation.settings, shown)

  def __call__(self, generator: Generator) -> tuple[np.ndarray, int]:
    """Returns samples and the number of columns; 0 for a square grid."""
    outputs = generator.generate(self._inputs)
    if self._translation is None:
      return outputs, 0
    shown = self._translation.picture(self._inputs)
    rows = np.stack([shown, outputs, self._truths], axis=1)
    return rows.reshape(-1, *outputs.shape[1:]), _COLUMNS
