"""scikit-learn's digits: 1,797 images of 8x8, installed with the package."""

from collections.abc import Iterator

import numpy as np

from jaxgan.data.builders.recipe import Example, Recipe
from jaxgan.data.images import png


def recipe() -> Recipe:
  """Describes the digits: one split, `train`, [8, 8, 1], ten classes."""
  return Recipe('digits', (8, 8, 1), 10, {'train': _examples})


def _examples() -> Iterator[Example]:
  from sklearn.datasets import load_digits

  digits = load_digits()
  # The values are 0 to 16 inclusive.
  images = np.rint(digits.images * (255 / 16)).astype(np.uint8)
  for image, label in zip(images, digits.target, strict=True):
    yield png(image[..., None]), int(label)
