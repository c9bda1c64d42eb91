"""What metrics look at: the feature nets by name, over sets of any size."""

import hashlib
import os
import pathlib
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import jax
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from jaxgan.config import pick
from jaxgan.metrics import digit_files, inception, inception_weights
from jaxgan.metrics.frechet import Accumulator, Moments

_CHUNK = 256  # Examples on the devices at once.

Embed = Callable[[jax.Array], tuple[jax.Array, jax.Array | None]]


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
  """

  name: str
  sha256: str
  resize: str
  embed: Embed

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
  'inception': inception_net,
}


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


def cached(
  net: FeatureNet,
  examples: np.ndarray,
  folder: pathlib.Path,
  *,
  only_moments: bool = False,
) -> Features:
  """`extract`, kept on disk under the hashes of the net and of the examples.

  Args:
    net: whose features.
    examples: whole.
    folder: of the cache; it is made.
    only_moments: `summarise` instead.
  """
  key = (
    f'{net.name} {net.sha256} {net.resize} {digest(examples)} {only_moments}'
  )
  path = folder / f'{hashlib.sha256(key.encode()).hexdigest()[:32]}.npz'
  found = _read(path)
  if found is None:
    found = (net.summarise if only_moments else net.extract)(examples)
    folder.mkdir(parents=True, exist_ok=True)
    # Two processes may write at once; each file is whole or not there.
    new = path.with_suffix(f'.{os.getpid()}.npz')
    np.savez(new, **_arrays(found))
    new.replace(path)
  return found


def _arrays(found: Features) -> dict[str, Any]:
  arrays: dict[str, Any] = {'values': found.values}
  if found.logits is not None:
    arrays['logits'] = found.logits
  if found.moments is not None:
    arrays |= found.moments._asdict()
  return arrays


def _read(path: pathlib.Path) -> Features | None:
  """What an earlier call kept; a damaged file counts as none."""
  try:
    with path.open('rb') as file, np.load(file, allow_pickle=False) as archive:
      moments = None
      if 'num' in archive:
        moments = Moments(int(archive['num']), archive['mean'], archive['cov'])
      return Features(archive['values'], archive.get('logits'), moments)
  except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
    return None
