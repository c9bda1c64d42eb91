"""Image classifiers, whose last hidden layer is a feature net.

A classifier of the data's own domain has better features than one of other
photographs (Bińkowski et al., 2018, measure MNIST with LeNet).
`classifier_files` reads and writes trained classifiers, and
`classifier_training` trains them.
"""

import functools
import hashlib
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
from flax import traverse_util

from jaxgan.compilation import once
from jaxgan.metrics.photo_net import PhotoNet
from jaxgan.nets import initializers, layers
from jaxgan.nets.precision import Net
from jaxgan.types import Array, Params, to_float

NUM_DIGITS = 10

# Part of the digest; increase it if equal weights give other outputs.
_LAYOUT = 1
_PHOTO_LAYOUT = 3  # Counts the changes of the sides from which it halves.
_SIDES = (4, 64)  # Of the digit net.
_PHOTO_SIDES = (8, 256)
_DROPOUT = 0.3

# On the CPU, first derivatives of XLA's convolutions take half the time of
# matrix products. Only second derivatives are faster as matrix products.
_NET = Net(conv='lax')


class Prediction(NamedTuple):
  """The outputs of the classifier for N images.

  Attributes:
    features: [N, F] float32, at least 0: the last hidden layer.
    logits: [N, K] float32, unnormalized log-probabilities of the classes.
  """

  features: Array | np.ndarray
  logits: Array | np.ndarray


class DigitNet(nn.Module):
  """Three convolutions, one hidden layer and ten logits, with no batch norm.

  Attributes:
    convs: (features, kernel size, stride) of each convolution.
    hidden: F, the number of features.
  """

  convs: tuple[tuple[int, int, int], ...]
  hidden: int

  @nn.compact
  def __call__(self, x: Array, *, train: bool = False) -> Prediction:
    """Classifies images [N, H, W, C] in [-1, 1], with dropout if `train`."""
    # True float32 on every device, whatever the precision of the run.
    with jax.default_matmul_precision('highest'):
      return self._predict(x, train)

  def _predict(self, x: Array, train: bool) -> Prediction:
    for i, (features, size, stride) in enumerate(self.convs, 1):
      x = nn.relu(layers.conv(_NET, features, size, stride)(x))
      self.sow('intermediates', f'conv_{i}', x)
    x = x.reshape(len(x), -1)
    x = nn.relu(nn.Dense(self.hidden, kernel_init=initializers.he_dense)(x))
    kept = nn.Dropout(_DROPOUT, deterministic=not train)(x)
    return Prediction(
      x, nn.Dense(NUM_DIGITS, kernel_init=initializers.glorot)(kept)
    )


class Classifier(NamedTuple):
  """A trained classifier with its weights and its training record.

  Attributes:
    name: name of the training data set.
    shape: (H, W, C) of the input images.
    classes: K, the number of classes; 0 for the digit net, which has ten.
    accuracy: share of held-out images that are classified correctly.
    digest: SHA-256 of the weights, 64 hex digits.
    record: settings, data and results of the training, as JSON values.
    params: the weights.
  """

  name: str
  shape: tuple[int, int, int]
  classes: int
  accuracy: float
  digest: str
  record: Mapping[str, Any]
  params: Params

  def apply(self, images: Array) -> Prediction:
    """Classifies images [N, H, W, C] uint8; each N compiles once.

    Raises:
      ValueError: wrong type or shape.
    """
    _check(self, images)
    net = build(self.shape, self.classes)
    return _forward(net, self.params, images)

  def predict(self, images: np.ndarray, chunk: int = 500) -> Prediction:
    """Classifies images in chunks, from host memory to numpy arrays.

    Args:
      images: [N, H, W, C] uint8, N >= 1; possibly a memory map.
      chunk: number of images on the device at once, the only compiled size.

    Raises:
      ValueError: no images, or wrong type or shape.
    """
    if not len(images):
      raise ValueError('There are no images; there must be at least one.')
    parts = []
    for start in range(0, len(images), chunk):
      part = np.asarray(images[start : start + chunk])
      _check(self, part)  # Here too, since jax converts float64 silently.
      padding = ((0, chunk - len(part)), *[(0, 0)] * (part.ndim - 1))
      outputs = jax.device_get(self.apply(jnp.asarray(np.pad(part, padding))))
      parts.append([output[: len(part)] for output in outputs])
    return Prediction(*map(np.concatenate, zip(*parts, strict=True)))


def net_classes(shape: tuple[int, ...], classes: int) -> int:
  """Chooses the net for a data set, as the argument `classes` of `build`.

  Returns:
    0 for the digit net (gray images in ten classes), else the classes.
  """
  is_gray = len(shape) == 3 and shape[2] == 1
  return 0 if is_gray and classes == NUM_DIGITS else classes


def build(shape: tuple[int, ...], classes: int = 0) -> DigitNet | PhotoNet:
  """Builds a net for an image shape.

  Args:
    shape: (H, W, C).
    classes: 0 for the digit net: ten classes, about 70,000 weights and 64
      features if a side is below 16, else 220,000 and 128. Otherwise the number
      of classes of a photo net: 1.2 million weights, 256 features.

  Raises:
    ValueError: vectors, or sides outside 4 to 64 (digits) or 8 to 256.
  """
  low, high = _PHOTO_SIDES if classes else _SIDES
  if len(shape) != 3 or not all(low <= n <= high for n in shape[:2]):
    raise ValueError(
      f'The examples are {list(shape)}; the classifier takes images '
      f'[H, W, C] whose sides are {low} to {high} pixels.'
    )
  if classes:
    return PhotoNet(classes)
  if min(shape[:2]) < 16:
    return DigitNet(((32, 3, 1), (64, 3, 2), (64, 3, 2)), 64)
  return DigitNet(((32, 5, 2), (64, 5, 2), (64, 3, 2)), 128)


def init(shape: tuple[int, ...], key: Array, classes: int = 0) -> Params:
  """Initializes the weights for images of shape (H, W, C)."""
  # Under jit XLA removes the forward pass, which only sets the shapes.
  return once(initializer(shape, classes))(key)


def initializer(
  shape: tuple[int, ...], classes: int = 0
) -> Callable[[Array], Params]:
  """Returns the function of a PRNG key that initializes the weights."""

  def new(key: Array) -> Params:
    net = build(shape, classes)
    params: Params = net.init(key, jnp.zeros((1, *shape)))['params']
    return params

  return new


def make(params: Params, record: Mapping[str, Any]) -> Classifier:
  """Makes a classifier from its weights and its record.

  Args:
    params: a tree of float32 arrays.
    record: at least `data`, `shape` and `accuracy`; `sha256` is added. Without
      `classes` it is the digit net.
  """
  shape = tuple(record['shape'])
  digest = sha256(params, shape, record.get('classes', 0))
  return Classifier(
    name=record['data'],
    shape=shape,
    classes=record.get('classes', 0),
    accuracy=record['accuracy'],
    digest=digest,
    record={**record, 'sha256': digest},
    params=jax.device_put(params),
  )


def sha256(params: Params, shape: tuple[int, ...], classes: int = 0) -> str:
  """Returns the SHA-256 of the weights, their names and the image shape.

  Args:
    params: the weights.
    shape: (H, W, C) of the images.
    classes: as for `build`; equal weights are another net with classes.
  """
  layout = _PHOTO_LAYOUT if classes else _LAYOUT
  state = hashlib.sha256(f'{layout} {shape}'.encode())
  for name, value in sorted(flat(params).items()):
    state.update(f'\n{name} {value.shape}\n'.encode())
    state.update(value.astype('<f4').tobytes())
  return state.hexdigest()


def flat(params: Params) -> dict[str, np.ndarray]:
  """Flattens the weights to {'Conv_0/kernel': array, ...} in host memory."""
  return traverse_util.flatten_dict(jax.device_get(params), sep='/')


def _check(classifier: Classifier, images: Array | np.ndarray) -> None:
  """Raises a ValueError unless the images fit the classifier."""
  if images.dtype != np.uint8 or images.shape[1:] != classifier.shape:
    raise ValueError(
      f'The images are {images.dtype} of shape {list(images.shape)}; the '
      f'classifier of {classifier.name} takes uint8 of shape '
      f'[N, {str(classifier.shape)[1:-1]}].'
    )


@functools.partial(jax.jit, static_argnums=0)
def _forward(
  net: DigitNet | PhotoNet, params: Params, images: Array
) -> Prediction:
  outputs: Any = net.apply({'params': params}, to_float(images))
  return Prediction(*outputs)
