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

_HASH = 'source_sha256'
# end of a name here -> end of the name in PyTorch.
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
# A counter of batch norm in newer PyTorch files.
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
  """Returns {name: shape} of all arrays of the net."""
  image = jax.ShapeDtypeStruct(
    (1, inception.SIDE, inception.SIDE, inception.CHANNELS), jnp.float32
  )
  net = inception.Inception()
  tree = jax.eval_shape(net.init, jax.random.key(0), image)
  flat = traverse_util.flatten_dict(tree, sep='/')
  return {name: leaf.shape for name, leaf in flat.items()}


def torch_name(name: str) -> str:
  """Returns the PyTorch name of an array of the net.

  `params/Mixed_5b/branch1x1/conv/kernel` becomes
  `Mixed_5b.branch1x1.conv.weight`.
  """
  *path, kind, leaf = name.split('/')[1:]
  return '.'.join([*path, _LEAVES[f'{kind}/{leaf}']])


def check_source(path: pathlib.Path, sha256: str | None = None) -> str:
  """Verifies the SHA-256 of a weights file and returns it.

  Args:
    path: the PyTorch file.
    sha256: the expected hash, 64 hexadecimal digits; None for the hash of the
      public weights.

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
      'it is truncated or another file: download it again or give its hash by '
      '--sha256.'
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
      'install torch for this conversion, after which it is not needed.'
    ) from error
  try:
    state = torch.load(path, map_location='cpu', weights_only=True)
    return {name: tensor.numpy() for name, tensor in state.items()}
  except Exception as error:  # Unpickling and zip errors of many kinds.
    raise ValueError(
      f'{path} is not a state dict of PyTorch (a mapping from names to '
      'tensors), which is the only kind of weights that can be converted.'
    ) from error


def from_torch(state: Mapping[str, np.ndarray]) -> Arrays:
  """Converts the state dict of pytorch-fid's Inception to the arrays of ours.

  Args:
    state: {name in the state dict: array}; kernels are [Cout, Cin, kh, kw].

  Returns:
    {name in `shapes`: float32 array}; kernels are [kh, kw, Cin, Cout].

  Raises:
    ValueError: a missing or an extra name, or a wrong shape.
  """
  rest, arrays = dict(state), {}
  for name, shape in shapes().items():
    key = torch_name(name)
    if key not in rest:
      raise ValueError(
        f'The weights have no {key}; they must be those of the Inception-v3 of '
        'pytorch-fid.'
      )
    array = np.asarray(rest.pop(key), np.float32)
    if array.ndim == len(shape):
      array = array.transpose(_AXES[array.ndim])
    arrays[name] = np.ascontiguousarray(array)
  more = [name for name in rest if not name.endswith(_UNUSED)]
  if more:
    raise ValueError(
      f'The weights have {more[0]}, which the Inception-v3 of pytorch-fid does '
      'not have; weights of torchvision and of other sources do not fit.'
    )
  _check(arrays, 'The weights')
  return arrays


def save(path: pathlib.Path, arrays: Arrays, sha256: str) -> None:
  """Writes converted weights atomically; equal weights give equal bytes.

  Args:
    path: the .npz file.
    arrays: from `from_torch`.
    sha256: SHA-256 of the PyTorch file.
  """
  npz.write(path, {**arrays, _HASH: np.array(sha256)})


def load(path: pathlib.Path) -> Weights:
  """Reads weights that `save` wrote.

  Raises:
    ValueError: the file is missing, damaged or not the complete net.
  """
  arrays = _read(path)
  sha256 = str(arrays.pop(_HASH, ''))
  if not re.fullmatch('[0-9a-f]{64}', sha256):
    raise ValueError(
      f'{path} does not say which weights it was made from; make it with '
      'python -m jaxgan.convert_inception.'
    )
  _check(arrays, str(path))
  tree = {name: jnp.asarray(array) for name, array in arrays.items()}
  return Weights(traverse_util.unflatten_dict(tree, sep='/'), sha256)


def _read(path: pathlib.Path) -> Arrays:
  """Reads all arrays; turns the errors into sentences."""
  try:
    return npz.read(path)
  except FileNotFoundError as error:
    raise ValueError(
      f'{path} does not exist; make it from the public PyTorch weights with '
      'python -m jaxgan.convert_inception.'
    ) from error
  except (OSError, *npz.DAMAGED) as error:
    raise ValueError(
      f'{path} is damaged or no .npz ({error}); convert the weights again.'
    ) from error


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
