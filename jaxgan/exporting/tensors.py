"""Weights as a safetensors file: flat names, arrays, no code."""

import pathlib
from collections.abc import Mapping
from typing import Any

import jax
import numpy as np

from jaxgan.data import untrusted
from jaxgan.exporting import extras
from jaxgan.types import Variables

_SEPARATOR = '/'


def serialize(variables: Variables, metadata: Mapping[str, str]) -> bytes:
  """Serializes variables; their names are such as params/Dense_0/kernel.

  Raises:
    ValueError: the package safetensors is missing.
  """
  with extras.needs('safetensors', 'export'):
    from safetensors.numpy import save
  arrays = {
    jax.tree_util.keystr(
      path, simple=True, separator=_SEPARATOR
    ): np.ascontiguousarray(leaf)
    for path, leaf in jax.tree_util.tree_leaves_with_path(variables)
  }
  return save(arrays, dict(metadata))


def load(path: str | pathlib.Path) -> Variables:
  """Reads the variables of a network from a .safetensors file.

  Returns:
    Nested dicts of numpy arrays, as `Generator.variables` has them.

  Raises:
    ValueError: the file is damaged, or the package safetensors is missing.
  """
  with extras.needs('safetensors', 'export'):
    from safetensors.numpy import load as parse
  path = pathlib.Path(path)
  data = untrusted.read_file(path)
  try:
    arrays = parse(data)
  except Exception as error:  # Of the package, which names no common class.
    raise ValueError(f'{path} is no intact safetensors file.') from error
  variables: dict[str, Any] = {}
  for name, array in arrays.items():
    *folders, last = name.split(_SEPARATOR)
    place = variables
    for folder in folders:
      place = place.setdefault(folder, {})
      if not isinstance(place, dict):
        raise ValueError(f'{path} has an array within the array {folder}.')
    place[last] = array
  return variables
