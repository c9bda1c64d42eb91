"""Converts the public PyTorch weights of Inception to .npz and reads them.

Nothing is downloaded. The .npz file holds one float32 array per parameter, such
as `params/Mixed_5b/branch1x1/conv/kernel`, and the SHA-256 of the PyTorch file.
Nothing in it is pickled.
"""

import functools
import hashlib
import pathlib
import re
from collections.abc import Mapping
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from flax import traverse_util

from jaxgan.metrics import inception, npz
from jaxgan.types import Variables

# SHA-256 of pt_inception-2015-12-05-6726825d.pth, published by pytorch-fid, and
# of its copy by torch-fidelity, weights-inception-2015-12-05-6726825d.pth.
PUBLIC_SHA256 = (
  '6726825d0af5f729cebd5821db510b11b1cfad8faad88a03f1befd49fb9129b2'
)

Arrays = dict[str, np.ndarray]

_COMMAND = 'jaxgan.convert_inception'
_HASH = 'source_sha256'
# end of a name in flax -> end of its name in PyTorch.
_LEAVES = {
  'conv/kernel': 'conv.weight',
  'bn/scale': 'bn.weight',
  'bn/bias': 'bn.bias',
  'bn/mean': 'bn.running_mean',
  'bn/var': 'bn.running_var',
  'fc/kernel': 'fc.weight',
  'fc/bias': 'fc.bias',
}
# number of axes -> transposition from PyTorch's order of axes to flax's.
_AXES = {1: (0,), 2: (1, 0), 4: (2, 3, 1, 0)}
# A batch norm counter of newer PyTorch files, which is ignored.
_UNUSED = '.num_batches_tracked'


class Weights(NamedTuple):
  """The weights of Inception, with the SHA-256 that identifies them.

  Attributes:
    variables: variables of `inception.Inception`.
    sha256: SHA-256 of the PyTorch file that they were converted from.
  """

  variables: Variables
  sha256: str


@functools.cache
def shapes() -> dict[str, tuple[int, ...]]:
  """Returns the shapes of all arrays of the net, by name."""
  image = jax.ShapeDtypeStruct(
    (1, inception.SIDE, inception.SIDE, inception.CHANNELS), jnp.float32
  )
  net = inception.Inception()
  tree = jax.eval_shape(net.init, jax.random.key(0), image)
  flat = traverse_util.flatten_dict(tree, sep='/')
  return {name: leaf.shape for name, leaf in flat.items()}


def torch_name(name: str) -> str:
  """Turns `params/Mixed_5b/bn/scale` into PyTorch's `Mixed_5b.bn.weight`."""
  *path, kind, leaf = name.split('/')[1:]
  return '.'.join([*path, _LEAVES[f'{kind}/{leaf}']])


def check_source(path: pathlib.Path, sha256: str | None = None) -> str:
  """Verifies the SHA-256 of a weights file and returns it.

  Args:
    path: the PyTorch file.
    sha256: the expected hash, 64 hex digits; None for the public weights.

  Raises:
    ValueError: the file cannot be read, or has another hash.
  """
  if sha256 and not re.fullmatch('[0-9a-fA-F]{64}', sha256):
    raise ValueError(
      f'--sha256 is {sha256!r}; a SHA-256 has 64 hexadecimal digits.'
    )
  expected = sha256.lower() if sha256 else PUBLIC_SHA256
  try:
    with path.open('rb') as file:
      actual = hashlib.file_digest(file, 'sha256').hexdigest()
  except OSError as error:
    raise ValueError(f'{path} cannot be read ({error.strerror}).') from error
  if actual != expected:
    source = '--sha256' if sha256 else 'the public FID weights'
    raise ValueError(
      f'{path} has the SHA-256 {actual} and not {expected}, that of {source}; '
      'download it again, or give its hash by --sha256 if it is another file.'
    )
  return actual


def read_torch(path: pathlib.Path) -> Arrays:
  """Reads a PyTorch state dict without executing its pickle.

  Args:
    path: a .pth file of the old or the new format.

  Returns:
    {name in the state dict: array}.

  Raises:
    ValueError: PyTorch is not installed, or the file is not a state dict.
  """
  try:
    import torch
  except ImportError as error:
    raise ValueError(
      'PyTorch is not installed, and nothing else reads its .pth files; '
      'install torch for this conversion and remove it afterwards.'
    ) from error
  try:
    state = torch.load(path, map_location='cpu', weights_only=True)
    return {name: tensor.numpy() for name, tensor in state.items()}
  except Exception as error:  # Unpickling and zip errors of many kinds.
    raise ValueError(
      f'{path} cannot be converted; it must be a state dict of PyTorch, a '
      'mapping from names to tensors.'
    ) from error


def from_torch(state: Mapping[str, np.ndarray]) -> Arrays:
  """Converts the state dict of pytorch-fid's Inception to jaxgan's arrays.

  Args:
    state: {name in the state dict: array}; kernels are [Cout, Cin, kh, kw].

  Returns:
    {name in `shapes`: float32 array}; kernels are [kh, kw, Cin, Cout].

  Raises:
    ValueError: a missing or an extra name, or a wrong shape.
  """
  keys = {torch_name(name): name for name in shapes()}
  given = {key for key in state if not key.endswith(_UNUSED)}
  for key in sorted(keys.keys() ^ given):
    verb = 'lack' if key in keys else 'have'
    raise ValueError(
      f'The weights {verb} {key}; they must be those of the Inception-v3 of '
      'pytorch-fid, and not of torchvision or another source.'
    )
  arrays = {}
  for key, name in keys.items():
    array = np.asarray(state[key], np.float32)
    if array.ndim == len(shapes()[name]):
      array = array.transpose(_AXES[array.ndim])
    arrays[name] = np.ascontiguousarray(array)
  _check(arrays, 'The weights')
  return arrays


def save(path: pathlib.Path, arrays: Arrays, sha256: str) -> None:
  """Writes converted weights atomically; equal weights give equal bytes.

  Args:
    path: the .npz file.
    arrays: the result of `from_torch`.
    sha256: SHA-256 of the PyTorch file.
  """
  npz.write(path, {**arrays, _HASH: np.array(sha256)})


def load(path: pathlib.Path) -> Weights:
  """Reads weights that `save` wrote.

  Raises:
    FileNotFoundError: the file does not exist.
    ValueError: it is damaged or does not hold the complete net.
  """
  arrays = npz.read(path, _COMMAND)
  sha256 = str(arrays.pop(_HASH, ''))
  if not re.fullmatch('[0-9a-f]{64}', sha256):
    raise ValueError(
      f'{path} does not hold the SHA-256 of its source; it must be an .npz '
      f'that {_COMMAND} wrote.'
    )
  _check(arrays, str(path))
  tree = {name: jnp.asarray(array) for name, array in arrays.items()}
  return Weights(traverse_util.unflatten_dict(tree, sep='/'), sha256)


def _check(arrays: Mapping[str, np.ndarray], source: str) -> None:
  """Raises a ValueError unless the arrays are exactly those of the net."""
  expected = shapes()
  for name in sorted(expected.keys() ^ arrays.keys()):
    fault = 'is missing' if name in expected else 'is not of this net'
    raise ValueError(f'{source}: {name} {fault}; convert the weights again.')
  for name, array in arrays.items():
    if array.shape != expected[name] or array.dtype != np.float32:
      raise ValueError(
        f'{source}: {name} is {array.dtype} of shape {list(array.shape)}; the '
        f'net needs float32 of shape {list(expected[name])}.'
      )
