"""Trained digit classifiers as files, two of which come with the package.

Those are in `weights/`, and each was made by one command:

  python -m jaxgan.classify --data=digits --seed=0 --out=digits.npz
  python -m jaxgan.classify --data=mnist --path=FOLDER --seed=0 --out=mnist.npz

A file is a .npz of float32 arrays, one per parameter, and of `record`, a text
in JSON that says what the net was trained on, how well it does on held-out
images, and the SHA-256 of its weights. Nothing in it is pickled.
"""

import functools
import io
import json
import os
import pathlib
import zipfile
import zlib
from collections.abc import Mapping
from typing import Any

import jax
import numpy as np
from flax import traverse_util

from jaxgan.config import pick
from jaxgan.metrics import digit_net
from jaxgan.metrics.digit_net import Classifier
from jaxgan.types import Params

_WEIGHTS = pathlib.Path(__file__).with_name('weights')
SHIPPED: Mapping[str, pathlib.Path] = {
  'digits': _WEIGHTS / 'digits.npz',
  'mnist': _WEIGHTS / 'mnist.npz',
}

# What numpy raises of a file that is cut short, of another kind, or damaged.
_NOT_OURS = (
  EOFError,
  ValueError,
  TypeError,
  NotImplementedError,
  zipfile.BadZipFile,
  zlib.error,
)


def shipped(name: str) -> pathlib.Path:
  """The file of a classifier that comes with the package.

  Raises:
    ValueError: there is none of this name; the sentence lists them.
  """
  return pick('The digit classifier', name, SHIPPED)


def save(path: pathlib.Path, classifier: Classifier) -> None:
  """Writes a classifier in one move; equal ones give equal bytes.

  Args:
    path: of the .npz; it may exist only if it holds these bytes.
    classifier: whatever `make` or `load` returned.

  Raises:
    ValueError: the file exists and holds something else.
  """
  buffer = io.BytesIO()
  text = json.dumps(dict(classifier.record))
  arrays: dict[str, Any] = digit_net.flat(classifier.params)
  np.savez(buffer, record=np.array(text), **arrays)
  if path.exists():
    if path.read_bytes() == buffer.getvalue():
      return
    raise ValueError(
      f'{path} exists and holds something else than the classifier of SHA-256 '
      f'{classifier.digest[:16]}...; choose another file.'
    )
  new = path.with_name(f'{path.name}.{os.getpid()}')
  new.write_bytes(buffer.getvalue())
  new.replace(path)


def load(path: pathlib.Path) -> Classifier:
  """Reads a classifier and checks that its weights are those of its record.

  Args:
    path: a .npz that `save` wrote.

  Raises:
    FileNotFoundError: there is no such file.
    ValueError: it is damaged, something else, or its weights were changed.
  """
  arrays = _read(path)
  try:
    record = _checked(json.loads(str(arrays.pop('record'))))
    params = traverse_util.unflatten_dict(arrays, sep='/')
    classifier = digit_net.make(params, record)
    fresh = functools.partial(digit_net.init, classifier.shape)
    expected = jax.eval_shape(fresh, jax.random.key(0))
  except (KeyError, TypeError, ValueError) as error:
    raise _foreign(path) from error
  if _kinds(params) != _kinds(expected):
    raise _foreign(path)
  if classifier.digest != record['sha256']:
    raise ValueError(
      f'{path} holds weights of SHA-256 {classifier.digest[:16]}... and its '
      f'record says {record["sha256"][:16]}...; they were changed or damaged, '
      'so fetch or train them again.'
    )
  return classifier


def _checked(record: Any) -> dict[str, Any]:
  """The record, if what is read of it has the right types."""
  kinds = {'data': str, 'shape': list, 'accuracy': float, 'sha256': str}
  if not all(isinstance(record[key], kind) for key, kind in kinds.items()):
    raise TypeError
  if not 0 <= record['accuracy'] <= 1:
    raise ValueError
  return record


def _kinds(params: Params) -> Any:
  return jax.tree.map(lambda x: (x.shape, str(x.dtype)), params)


def _read(path: pathlib.Path) -> dict[str, np.ndarray]:
  """Every array of an archive."""
  try:
    # Opened here, because numpy leaves a broken archive open.
    with path.open('rb') as file, np.load(file, allow_pickle=False) as archive:
      return {name: archive[name] for name in archive.files}
  except FileNotFoundError as error:
    raise FileNotFoundError(
      f'{path} is not there; it must be a .npz that jaxgan.classify wrote.'
    ) from error
  except OSError as error:
    raise ValueError(f'{path} cannot be read ({error.strerror}).') from error
  except _NOT_OURS as error:
    raise _foreign(path) from error


def _foreign(path: pathlib.Path) -> ValueError:
  return ValueError(
    f'{path} is damaged or holds no digit classifier; it must be a .npz that '
    'jaxgan.classify wrote.'
  )
