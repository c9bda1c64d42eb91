"""What metrics look at: the feature nets by name, over sets of any size."""

import hashlib
import pathlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from jaxgan.config import pick
from jaxgan.metrics import digit_files, inception, inception_weights
from jaxgan.metrics.frechet import Accumulator, Moments

_CHUNK = 256  # Examples on the devices at once.

Embed = Callable[[jax.Array], tuple[jax.Array, jax.Array | None]]


def _unwatched(num: int) -> None:
  """Nobody looks on."""


class Features(NamedTuple):
  """What a feature net saw in a set of examples.

  Attributes:
    values: [N, D] float32; [0, D] where only the moments were kept.
    logits: [N, K] float32, or None where the net tells no classes apart.
    moments: of the values, where only those were kept.
  """

  values: np.ndarray
  logits: np.ndarray | None
  moments: Moments | None = None

  @property
  def num(self) -> int:
    """N."""
    return len(self.values) if self.moments is None else self.moments.num


class FeatureNet(NamedTuple):
  """A fixed function of images, and how it is told from others.

  Attributes:
    name: as in the names of metrics.
    sha256: of its weights; empty where it has none.
    resize: how images are brought to its size; `none` where they are not.
    embed: examples [B, ...] on the devices -> features [B, D], logits [B, K].
    watch: is told how many examples are done since it was last told.
  """

  name: str
  sha256: str
  resize: str
  embed: Embed
  watch: Callable[[int], None] = _unwatched

  def extract(self, examples: np.ndarray | Iterable[np.ndarray]) -> Features:
    """Features of a set, spread over all devices, a chunk at a time.

    Args:
      examples: [N, H, W, C] uint8 or [N, D] float32, whole (perhaps a map of a
        file) or in pieces; only one chunk of them is on the devices.

    Raises:
      ValueError: none at all, or examples that the net does not take.
    """
    values, logits = [], []
    for found, classes in self._outputs(examples):
      values.append(found)
      if classes is not None:
        logits.append(classes)
    return Features(
      np.concatenate(values), np.concatenate(logits) if logits else None
    )

  def summarise(self, examples: np.ndarray | Iterable[np.ndarray]) -> Features:
    """`extract`, but only the moments are kept: memory does not grow with N."""
    accumulator = None
    for values, _ in self._outputs(examples):
      accumulator = accumulator or Accumulator(values.shape[1])
      accumulator.add(values)
    assert accumulator is not None  # _outputs yields or raises.
    moments = accumulator.moments()
    return Features(np.zeros((0, len(moments.mean)), np.float32), None, moments)

  def _outputs(
    self, examples: np.ndarray | Iterable[np.ndarray]
  ) -> Iterator[tuple[np.ndarray, np.ndarray | None]]:
    mesh = Mesh(np.array(jax.local_devices()), ('data',))
    where = NamedSharding(mesh, PartitionSpec('data'))
    seen = False
    for chunk in _chunks(examples):
      seen = True
      # Filled up, so that the last chunk does not compile again.
      full = np.resize(chunk, (_CHUNK, *chunk.shape[1:]))
      values, logits = jax.device_get(self.embed(jax.device_put(full, where)))
      kept = slice(len(chunk))
      yield (
        values[kept].astype(np.float32),
        None if logits is None else logits[kept],
      )
      self.watch(len(chunk))
    if not seen:
      raise ValueError(
        f'There are no examples for the features of {self.name}; there must be '
        'at least one.'
      )


def pixels() -> FeatureNet:
  """The numbers of an example themselves; those of images in [-1, 1]."""
  return FeatureNet('pixels', '', 'none', _pixels)


def digits(name: str, path: pathlib.Path) -> FeatureNet:
  """A digit classifier's last hidden layer.

  Raises:
    ValueError: the file is damaged or something else.
  """
  classifier = digit_files.load(path)

  def embed(images: jax.Array) -> tuple[jax.Array, jax.Array | None]:
    found: Any = classifier.apply(images)  # Arrays of the device.
    return found.features, found.logits

  return FeatureNet(name, classifier.digest, 'none', embed)


def stacked(path: pathlib.Path) -> FeatureNet:
  """A digit classifier of each of three channels: a thousand classes.

  They are the modes of Stacked MNIST (Metz et al., 2017): class 100 a + 10 b +
  c is digit a in the first channel, b in the second and c in the third.

  Raises:
    ValueError: the file is damaged or something else.
  """
  classifier = digit_files.load(path)

  def embed(images: jax.Array) -> tuple[jax.Array, jax.Array]:
    if images.ndim != 4 or images.shape[3] != 3:
      raise ValueError(
        f'The images are {list(images.shape)}; stacked takes [N, H, W, 3] with '
        'a digit in each channel.'
      )
    num = len(images)
    each = jnp.moveaxis(images, 3, 1).reshape(3 * num, *images.shape[1:3], 1)
    found: Any = classifier.apply(each)  # Arrays of the device.
    a, b, c = jnp.moveaxis(
      jax.nn.log_softmax(found.logits).reshape(num, 3, -1), 1, 0
    )
    # Of three independent digits the log-probabilities add up.
    logits = a[:, :, None, None] + b[:, None, :, None] + c[:, None, None, :]
    return found.features.reshape(num, -1), logits.reshape(num, -1)

  return FeatureNet('stacked', classifier.digest, 'none', embed)


def inception_net(path: str, resize: str) -> FeatureNet:
  """The Inception-v3 of the public FID weights.

  Args:
    path: of the .npz that `jaxgan.convert_inception` wrote.
    resize: a name of `resize.RESIZES`.

  Raises:
    ValueError: no path, or a file that is damaged or something else.
  """
  if not path:
    raise ValueError(
      'A metric of inception needs its weights, which are never fetched; give '
      'the .npz that jaxgan.convert_inception wrote (docs/metrics.md).'
    )
  weights = inception_weights.load(pathlib.Path(path))

  def embed(images: jax.Array) -> tuple[jax.Array, jax.Array | None]:
    found = inception.embed(weights.variables, images, resize=resize)
    return found.features, found.unbiased

  return FeatureNet('inception', weights.sha256, resize, embed)


# name -> function of (path of the Inception weights, resize).
FEATURES: Mapping[str, Callable[[str, str], FeatureNet]] = {
  'pixels': lambda path, resize: pixels(),
  'digits': lambda path, resize: digits(
    'digits', digit_files.SHIPPED['digits']
  ),
  'mnist': lambda path, resize: digits('mnist', digit_files.SHIPPED['mnist']),
  'stacked': lambda path, resize: stacked(digit_files.SHIPPED['mnist']),
  'inception': inception_net,
}

# Those whose logits tell classes apart.
CLASSIFIERS = ('digits', 'mnist', 'stacked', 'inception')


def load(name: str, *, weights: str = '', resize: str = 'clean') -> FeatureNet:
  """The feature net of a name.

  Args:
    name: one of FEATURES.
    weights: file of Inception's; other nets come with the package.
    resize: how images are brought to Inception's size.

  Raises:
    ValueError: unknown name, or weights that are missing or damaged.
  """
  return pick('The feature net', name, FEATURES)(weights, resize)


def digest(examples: np.ndarray) -> str:
  """SHA-256 of examples, their type and their shape."""
  state = hashlib.sha256(f'{examples.dtype} {examples.shape}'.encode())
  for chunk in _chunks(examples):
    state.update(chunk.tobytes())
  return state.hexdigest()


@jax.jit
def _as_vectors(examples: jax.Array) -> jax.Array:
  # The digit nets' own range, so that distances compare.
  flat = examples.reshape(len(examples), -1)
  return flat / 127.5 - 1.0 if examples.dtype == np.uint8 else flat


def _pixels(examples: jax.Array) -> tuple[jax.Array, None]:
  return _as_vectors(examples), None


def _chunks(
  examples: np.ndarray | Iterable[np.ndarray],
) -> Iterator[np.ndarray]:
  """Pieces of at most _CHUNK examples."""
  pieces = [examples] if isinstance(examples, np.ndarray) else examples
  for piece in pieces:
    for start in range(0, len(piece), _CHUNK):
      yield np.asarray(piece[start : start + _CHUNK])
