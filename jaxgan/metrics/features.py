"""What metrics look at: the feature nets by name, over sets of any size."""

import hashlib
import pathlib
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import jax
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from jaxgan.config import pick
from jaxgan.metrics import digit_files, inception, inception_weights

_CHUNK = 256  # Examples on the devices at once.

Embed = Callable[[jax.Array], tuple[jax.Array, jax.Array | None]]


class Features(NamedTuple):
  """What a feature net saw in a set of examples.

  Attributes:
    values: [N, D] float32.
    logits: [N, K] float32, or None where the net tells no classes apart.
  """

  values: np.ndarray
  logits: np.ndarray | None


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
    mesh = Mesh(np.array(jax.local_devices()), ('data',))
    where = NamedSharding(mesh, PartitionSpec('data'))
    values, logits = [], []
    for chunk in _chunks(examples):
      # Filled up, so that the last chunk does not compile again.
      full = np.resize(chunk, (_CHUNK, *chunk.shape[1:]))
      found = jax.device_get(self.embed(jax.device_put(full, where)))
      values.append(found[0][: len(chunk)].astype(np.float32))
      if found[1] is not None:
        logits.append(found[1][: len(chunk)])
    if not values:
      raise ValueError(
        f'There are no examples for the features of {self.name}; there must be '
        'at least one.'
      )
    return Features(
      np.concatenate(values), np.concatenate(logits) if logits else None
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
  net: FeatureNet, examples: np.ndarray, folder: pathlib.Path
) -> Features:
  """`extract`, kept on disk under the hashes of the net and of the examples.

  Args:
    net: whose features.
    examples: whole.
    folder: of the cache; it is made.
  """
  key = f'{net.name} {net.sha256} {net.resize} {digest(examples)}'
  path = folder / f'{hashlib.sha256(key.encode()).hexdigest()[:32]}.npz'
  found = _read(path)
  if found is None:
    found = net.extract(examples)
    folder.mkdir(parents=True, exist_ok=True)
    arrays = {'values': found.values}
    if found.logits is not None:
      arrays['logits'] = found.logits
    new = path.with_suffix('.new.npz')
    np.savez(new, **arrays)  # type: ignore[arg-type]
    new.replace(path)  # Whole or not at all.
  return found


def _read(path: pathlib.Path) -> Features | None:
  """What an earlier call kept; a damaged file counts as none."""
  try:
    with path.open('rb') as file, np.load(file, allow_pickle=False) as archive:
      return Features(archive['values'], archive.get('logits'))
  except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
    return None
