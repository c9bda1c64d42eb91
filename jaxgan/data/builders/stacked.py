"""Stacked MNIST: three random digits as the channels of a color image.

Its 1,000 classes are equally likely and easy to recognize, so that one can
count how many of them a generator reaches (Metz et al. 2017, "Unrolled GANs").
"""

import functools
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from jaxgan.config import Data
from jaxgan.data.builders import idx
from jaxgan.data.builders.recipe import Example, Recipe
from jaxgan.data.images import png

# 128,000 as in PacGAN (Lin et al., 2018), which most papers compare with.
NUM_EXAMPLES = {'train': 128_000, 'test': 10_000}
_SEEDS = {'train': 0, 'test': 1}


def recipe(config: Data) -> Recipe:
  """Describes Stacked MNIST: splits train and test, [28, 28, 3], 1,000 classes.

  Each example has three digits of the same split of MNIST, drawn at random with
  replacement, always the same ones. The label is 100 a + 10 b + c for the
  digits a, b and c in the three channels.

  Args:
    config: path is the folder of MNIST's four idx files.

  Raises:
    FileNotFoundError: the folder or one of the four files is missing.
  """
  splits = {
    split: functools.partial(_examples, *pair, split)
    for split, pair in idx.files(config).items()
  }
  return Recipe(config.name, (28, 28, 3), 1000, splits, idx.version(config))


def draw(
  images: np.ndarray, labels: np.ndarray, num: int, seed: int
) -> Iterator[tuple[np.ndarray, int]]:
  """Draws stacked examples.

  Args:
    images: [N, H, W] uint8 digits.
    labels: [N] uint8, 0 to 9.
    num: number of examples.
    seed: equal seeds give equal examples.

  Yields:
    An image [H, W, 3] uint8 and its class, 0 to 999.
  """
  chosen = np.random.default_rng(seed).integers(len(images), size=(num, 3))
  for three in chosen:
    a, b, c = labels[three].tolist()
    yield np.moveaxis(images[three], 0, -1), 100 * a + 10 * b + c


def _examples(
  images_file: Path, labels_file: Path, split: str
) -> Iterator[Example]:
  images, labels = idx.read_pair(images_file, labels_file)
  for image, label in draw(images, labels, NUM_EXAMPLES[split], _SEEDS[split]):
    yield png(image), label
