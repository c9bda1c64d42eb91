"""A walk through the latents as frames of a moving picture."""

import pathlib
from collections.abc import Iterator

import numpy as np

from jaxgan.evaluation import restore
from jaxgan.gan.generator import Generator
from jaxgan.storage import pictures
from jaxgan.types import Array


def frames(
  folder: pathlib.Path, z: Array, weights: str = 'ema', psi: float = 1.0
) -> Iterator[np.ndarray]:
  """Draws a grid of images for each frame.

  Args:
    folder: workdir of a run on images.
    z: [frames, num, width] latents, as `Latents.walk` returns them.
    weights: `ema` or `raw`.
    psi: truncation of the styles; 1 for none (stylegan only).

  Yields:
    [H, W, C] uint8, one frame at a time.

  Raises:
    ValueError: a run on vectors, or as `restore.load`.
  """
  generator = restore.load(folder, weights, psi)
  if len(generator.shape) != 3:
    raise ValueError(
      f'The samples of {folder} are vectors; a walk needs a run on images.'
    )
  return _draw(generator, np.asarray(z))


def _draw(generator: Generator, z: np.ndarray) -> Iterator[np.ndarray]:
  num = z.shape[1]
  waiting = np.zeros((0, *generator.shape), np.uint8)
  for chunk in generator.stream(z.reshape(-1, z.shape[2])):
    waiting = np.concatenate([waiting, chunk])
    while len(waiting) >= num:
      yield pictures.picture(waiting[:num])
      waiting = waiting[num:]
