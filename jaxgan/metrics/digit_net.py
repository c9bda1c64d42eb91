"""A small classifier of digits, whose last hidden layer is a feature net.

What a net learnt from photographs says little of digits; one that tells the
ten digits apart says more (Bińkowski et al., 2018, measure MNIST with LeNet).
`digit_files.py` reads and writes trained ones, two of which come with the
package; `digit_training.py` makes them.
"""

import functools
import hashlib
from collections.abc import Mapping
from typing import Any, NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
from flax import traverse_util

from jaxgan.config import Net
from jaxgan.data.ranges import to_float
from jaxgan.nets import layers
from jaxgan.types import Array, Params

NUM_CLASSES = 10

# To be raised when the same weights come to compute something else.
_LAYOUT = 1
_SIDES = (4, 64)
_DROPOUT = 0.3

# One derivative through XLA's own convolutions takes the CPU half as long as
# through those of matrix products, which win where there are two.
_NET = Net(conv='lax')


class Prediction(NamedTuple):
  """What the net says of each image.

  Attributes:
    features: [N, F] float32, at least 0: the last hidden layer.
    logits: [N, 10] float32, unnormalised log-probabilities of the classes.
  """

  features: Array | np.ndarray
  logits: Array | np.ndarray


class DigitNet(nn.Module):
  """Three convolutions, a hidden layer, ten logits; examples never mix.

  Attributes:
    convs: (features, side of the kernel, stride) of each convolution.
    hidden: F, the length of the features.
  """

  convs: tuple[tuple[int, int, int], ...]
  hidden: int

  @nn.compact
  def __call__(self, x: Array, *, train: bool = False) -> Prediction:
    """Images [N, H, W, C] float32 in [-1, 1]; dropout where it trains."""
    for features, size, stride in self.convs:
      x = nn.relu(layers.Conv(_NET, features, size=size, stride=stride)(x))
    x = x.reshape(len(x), -1)
    x = nn.relu(nn.Dense(self.hidden, kernel_init=layers.he_dense)(x))
    kept = nn.Dropout(_DROPOUT, deterministic=not train)(x)
    return Prediction(x, nn.Dense(NUM_CLASSES, kernel_init=layers.glorot)(kept))


class Classifier(NamedTuple):
  """A trained net and what is known of it.

  Attributes:
    name: of the data set that it was trained on.
    shape: (H, W, C) of the images that it takes.
    accuracy: share of the held-out images that it gets right.
    digest: SHA-256 of its weights, 64 hex digits.
    record: all that is known, fit for JSON.
    params: its weights.
  """

  name: str
  shape: tuple[int, int, int]
  accuracy: float
  digest: str
  record: Mapping[str, Any]
  params: Params

  def apply(self, images: Array) -> Prediction:
    """Classifies images on the device; compiles once for each N.

    Args:
      images: [N, H, W, C] uint8 in [0, 255].

    Raises:
      ValueError: another type or shape.
    """
    _check(self, images)
    return _forward(build(self.shape), self.params, images)

  def predict(self, images: np.ndarray, chunk: int = 500) -> Prediction:
    """Classifies images of the host, `chunk` of them at a time.

    Args:
      images: [N, H, W, C] uint8, N at least 1; perhaps a map of a file.
      chunk: images on the device at once; each call compiles for one size.

    Returns:
      Numpy arrays.

    Raises:
      ValueError: no images, or another type or shape.
    """
    if not len(images):
      raise ValueError('There are no images; at least one must be given.')
    parts = []
    for start in range(0, len(images), chunk):
      part = np.asarray(images[start : start + chunk])
      _check(self, part)  # Here too: on the way to jax float64 is lost.
      missing = ((0, chunk - len(part)), *[(0, 0)] * (part.ndim - 1))
      whole = jax.device_get(self.apply(jnp.asarray(np.pad(part, missing))))
      parts.append([each[: len(part)] for each in whole])
    return Prediction(*map(np.concatenate, zip(*parts, strict=True)))


def build(shape: tuple[int, ...]) -> DigitNet:
  """The net for images of one shape, of about 70,000 or 220,000 parameters.

  Args:
    shape: (H, W, C); sides below 16 get 64 features and all pixels in the
      first convolution, longer ones 128 and every second.

  Raises:
    ValueError: vectors, or sides that it is not made for.
  """
  low, high = _SIDES
  if len(shape) != 3 or not all(low <= n <= high for n in shape[:2]):
    raise ValueError(
      f'The examples are {list(shape)}; the digit classifier takes images '
      f'[H, W, C] whose sides are {low} to {high} pixels.'
    )
  if min(shape[:2]) < 16:
    return DigitNet(((32, 3, 1), (64, 3, 2), (64, 3, 2)), 64)
  return DigitNet(((32, 5, 2), (64, 5, 2), (64, 3, 2)), 128)


# Under jit XLA drops the forward pass, of which only shapes are needed.
@functools.partial(jax.jit, static_argnums=0)
def init(shape: tuple[int, ...], key: Array) -> Params:
  """Fresh weights for images of (H, W, C)."""
  return build(shape).init(key, jnp.zeros((1, *shape)))['params']


def make(params: Params, record: Mapping[str, Any]) -> Classifier:
  """A classifier of given weights.

  Args:
    params: a tree of float32 arrays.
    record: holds at least `data`, `shape` and `accuracy`; the digest is added.
  """
  shape = tuple(record['shape'])
  digest = sha256(params, shape)
  return Classifier(
    name=record['data'],
    shape=shape,
    accuracy=record['accuracy'],
    digest=digest,
    record={**record, 'sha256': digest},
    params=jax.device_put(params),
  )


def sha256(params: Params, shape: tuple[int, ...]) -> str:
  """The digest of weights, of their names, and of the images they are for."""
  whole = hashlib.sha256(f'{_LAYOUT} {shape}'.encode())
  for name, value in sorted(flat(params).items()):
    whole.update(f'\n{name} {value.shape}\n'.encode())
    whole.update(value.astype('<f4').tobytes())
  return whole.hexdigest()


def flat(params: Params) -> dict[str, np.ndarray]:
  """{'Conv_0/kernel': array, ...} on the host."""
  return traverse_util.flatten_dict(jax.device_get(params), sep='/')


def _check(classifier: Classifier, images: Array | np.ndarray) -> None:
  if images.dtype != np.uint8:
    raise ValueError(
      f'The images are {images.dtype}; the digit classifier takes uint8 in '
      '[0, 255].'
    )
  if images.ndim != 4 or images.shape[1:] != classifier.shape:
    raise ValueError(
      f'The images are {list(images.shape)}; the digit classifier of '
      f'{classifier.name} takes [N, {str(classifier.shape)[1:-1]}].'
    )


@functools.partial(jax.jit, static_argnums=0)
def _forward(net: DigitNet, params: Params, images: Array) -> Prediction:
  prediction: Any = net.apply({'params': params}, to_float(images))
  return prediction
