"""Reads and writes classifiers; two of digits come with the package.

The two are in `weights/`. Each was written by one command:

  python -m jaxgan.classify --data=digits --seed=0 --out=digits.npz
  python -m jaxgan.classify --data=mnist --path=FOLDER --seed=0 --out=mnist.npz

A file is an .npz with one float32 array per parameter and `record`, a JSON text
with the training data, the accuracy on held-out images and the SHA-256 of the
weights. Nothing in it is pickled.
"""

import io
import json
import pathlib
from collections.abc import Mapping
from typing import Any

import jax
import numpy as np
from flax import traverse_util

from jaxgan.metrics import classifier_net, npz
from jaxgan.metrics.classifier_net import Classifier
from jaxgan.types import Params

_COMMAND = 'jaxgan.classify'
_WEIGHTS = pathlib.Path(__file__).with_name('weights')
SHIPPED: Mapping[str, pathlib.Path] = {
  'digits': _WEIGHTS / 'digits.npz',
  'mnist': _WEIGHTS / 'mnist.npz',
}


def save(path: pathlib.Path, classifier: Classifier) -> None:
  """Writes a classifier atomically; equal classifiers give equal bytes.

  Raises:
    ValueError: the file exists with other bytes.
  """
  record = np.array(json.dumps(dict(classifier.record)))
  arrays: dict[str, Any] = {'record': record}
  arrays |= classifier_net.flat(classifier.params)
  buffer = io.BytesIO()
  np.savez(buffer, **arrays)
  if not path.exists():
    npz.write(path, arrays)
  elif path.read_bytes() != buffer.getvalue():
    raise ValueError(
      f'{path} exists and holds other data than the classifier of SHA-256 '
      f'{classifier.digest[:16]}...; choose another file.'
    )


def check_settings(path: pathlib.Path, record: Mapping[str, Any]) -> None:
  """Raises a ValueError if an existing file was trained with other settings.

  Args:
    path: an .npz that `save` wrote.
    record: the new settings, from `classifier_training.record_of`.
  """
  old = load(path).record
  changed = [
    f'{key} ({old.get(key)} in the file, {value} now)'
    for key, value in record.items()
    if old.get(key) != value
  ]
  if changed:
    raise ValueError(
      f'{path} holds a classifier whose settings differ in '
      f'{", ".join(changed)}; choose another --out.'
    )


def load(path: pathlib.Path) -> Classifier:
  """Reads a classifier and verifies the SHA-256 of its weights.

  Raises:
    FileNotFoundError: the file does not exist.
    ValueError: it is damaged, not a classifier, or its weights were changed.
  """
  arrays = npz.read(path, _COMMAND)
  try:
    record = _checked(json.loads(str(arrays.pop('record'))))
    params = traverse_util.unflatten_dict(arrays, sep='/')
    classifier = classifier_net.make(params, record)
    expected = jax.eval_shape(
      classifier_net.initializer(classifier.shape, classifier.classes),
      jax.random.key(0),
    )
  except (KeyError, TypeError, ValueError) as error:
    raise npz.damaged(path, _COMMAND) from error
  if _specs(params) != _specs(expected):
    raise npz.damaged(path, _COMMAND)
  if classifier.digest != record['sha256']:
    raise ValueError(
      f'{path} holds weights of SHA-256 {classifier.digest[:16]}..., but its '
      f'record has {record["sha256"][:16]}...; the weights were changed or '
      'damaged, so download or train them again.'
    )
  return classifier


def _checked(record: Any) -> dict[str, Any]:
  """Returns the record if the fields that the library reads are valid."""
  types = {'data': str, 'shape': list, 'accuracy': float, 'sha256': str}
  if not all(isinstance(record[key], kind) for key, kind in types.items()):
    raise TypeError
  if not 0 <= record['accuracy'] <= 1 or record.get('classes', 0) < 0:
    raise ValueError
  return record


def _specs(params: Params) -> Any:
  """Replaces each parameter by (shape, dtype)."""
  return jax.tree.map(lambda x: (x.shape, str(x.dtype)), params)
