"""Networks as StableHLO programs with their weights, by `jax.export`."""

import pathlib
import re

import jax
import numpy as np
from jax import export

from jaxgan.data import untrusted
from jaxgan.exporting import extras
from jaxgan.exporting.nets import Net

PLATFORMS = ('cpu', 'cuda', 'tpu')

# Calls that jax makes itself: random bits on NVIDIA GPUs, and annotations.
_CALLS = {'cu_threefry2x32_ffi', 'Sharding', 'shape_assertion'}


def serialize(net: Net) -> bytes:
  """Serializes a network for any batch size and all of PLATFORMS.

  Raises:
    ValueError: a missing package.
  """
  _check_installed()
  program = jax.jit(net.bound)
  exported = export.export(program, platforms=PLATFORMS)(*net.structs())
  return bytes(exported.serialize())


def load(path: pathlib.Path) -> export.Exported:
  """Reads a program, which is not run yet.

  Raises:
    ValueError: the file is damaged, the program calls code outside of it, or a
      package is missing.
  """
  _check_installed()
  data = untrusted.read_file(path)
  try:
    exported = export.deserialize(bytearray(data))
    text = exported.mlir_module()
  except Exception as error:  # Jax raises many types.
    raise ValueError(
      f'{path} is no program that this version of jax ({jax.__version__}) can '
      'read.'
    ) from error
  calls = set(re.findall(r'custom_call @"?([\w.$-]+)', text))
  if calls - _CALLS:
    raise ValueError(
      f'{path} calls {", ".join(sorted(calls - _CALLS))}, code outside of the '
      'program; it is refused.'
    )
  return exported


def _check_installed() -> None:
  with extras.needs('flatbuffers', 'export'):
    import flatbuffers  # noqa: F401  By jax, which does not depend on it.


def signature(exported: export.Exported) -> list[tuple[tuple[int, ...], str]]:
  """Shape without the batch, and type, of each input."""
  return [
    (tuple(map(int, aval.shape[1:])), np.dtype(aval.dtype).name)
    for aval in exported.in_avals
  ]
