"""The weights of Inception: from the public PyTorch file to one .npz, and back.

Nothing here downloads. The .npz holds one float32 array per name of the net,
`params/Mixed_5b/branch1x1/conv/kernel` and so on, and the SHA-256 of the file
that it was made from; no pickle.
"""

import functools
import hashlib
import os
import pathlib
import re
import zipfile
import zlib
from collections.abc import Mapping
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from flax import traverse_util

from jaxgan.metrics import inception
from jaxgan.types import Variables

# Of pt_inception-2015-12-05-6726825d.pth as pytorch-fid publishes it, and of
# weights-inception-2015-12-05-6726825d.pth, its copy by torch-fidelity.
PUBLIC_SHA256 = (
  '6726825d0af5f729cebd5821db510b11b1cfad8faad88a03f1befd49fb9129b2'
)

Arrays = dict[str, np.ndarray]

_HASH = 'source_sha256'
# The last part of a name here, and what PyTorch has in its place.
_LEAVES = {
  'conv/kernel': 'conv.weight',
  'bn/scale': 'bn.weight',
  'bn/bias': 'bn.bias',
  'bn/mean': 'bn.running_mean',
  'bn/var': 'bn.running_var',
  'fc/kernel': 'fc.weight',
  'fc/bias': 'fc.bias',
}
# From PyTorch's order of axes to ours, by their number.
_AXES = {1: (0,), 2: (1, 0), 4: (2, 3, 1, 0)}
# PyTorch counts the batches behind its statistics in newer files.
_UNUSED = '.num_batches_tracked'


class Weights(NamedTuple):
  """Weights read from an .npz.

  Attributes:
    variables: of `inception.Inception`.
    sha256: of the file that the .npz was made from; it names the net.
  """

  variables: Variables
  sha256: str


@functools.cache
def shapes() -> dict[str, tuple[int, ...]]:
  """The names of all arrays of the net, and their shapes."""
  image = jax.ShapeDtypeStruct(
    (1, inception.SIDE, inception.SIDE, inception.CHANNELS), jnp.float32
  )
  net = inception.Inception()
  tree = jax.eval_shape(net.init, jax.random.key(0), image)
  flat = traverse_util.flatten_dict(tree, sep='/')
  return {name: leaf.shape for name, leaf in flat.items()}


def torch_name(name: str) -> str:
  """What the public PyTorch weights call an array of the net.

  Args:
    name: as in `shapes`, `params/Mixed_5b/branch1x1/conv/kernel`.

  Returns:
    As in a state dict, `Mixed_5b.branch1x1.conv.weight`.
  """
  *path, kind, leaf = name.split('/')[1:]
  return '.'.join([*path, _LEAVES[f'{kind}/{leaf}']])


def check_source(path: pathlib.Path, sha256: str | None = None) -> str:
  """Makes sure that a file is the one that was meant, before it is read.

  Args:
    path: of the PyTorch weights.
    sha256: of the file that is meant, 64 hexadecimal digits; None for the
      public weights.

  Returns:
    Its SHA-256.

  Raises:
    ValueError: no such file, or one of another hash.
  """
  wanted = _digits(sha256) if sha256 else PUBLIC_SHA256
  try:
    with path.open('rb') as file:
      found = hashlib.file_digest(file, 'sha256').hexdigest()
  except OSError as error:
    raise ValueError(f'{path} cannot be read ({error.strerror}).') from error
  if found != wanted:
    meant = '--sha256' if sha256 else 'the public FID weights'
    raise ValueError(
      f'{path} has the SHA-256 {found} and not {wanted}, that of {meant}; it '
      'is cut off or another file: fetch it again or name its hash by --sha256.'
    )
  return found


def read_torch(path: pathlib.Path) -> Arrays:
  """The arrays of a PyTorch state dict, read without running its pickle.

  Args:
    path: of a .pth file, old or new format.

  Returns:
    Arrays by the names of the state dict.

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
  """The arrays of the net from those of PyTorch's Inception for FID.

  Args:
    state: arrays by the names of the state dict; kernels [Cout, Cin, kh, kw].

  Returns:
    float32 arrays by the names of `shapes`; kernels [kh, kw, Cin, Cout].

  Raises:
    ValueError: a name that is missing or too many, or another shape.
  """
  rest, arrays = dict(state), {}
  for name, shape in shapes().items():
    theirs = torch_name(name)
    if theirs not in rest:
      raise ValueError(
        f'The weights have no {theirs}; they must be those of the Inception-v3 '
        'of pytorch-fid.'
      )
    array = np.asarray(rest.pop(theirs), np.float32)
    if array.ndim == len(shape):
      array = array.transpose(_AXES[array.ndim])
    arrays[name] = np.ascontiguousarray(array)
  more = [name for name in rest if not name.endswith(_UNUSED)]
  if more:
    raise ValueError(
      f'The weights have {more[0]}, which the Inception-v3 of pytorch-fid has '
      'not; those of other catalogs are of another net.'
    )
  _check(arrays, 'The weights')
  return arrays


def save(path: pathlib.Path, arrays: Arrays, sha256: str) -> None:
  """Writes an .npz, in one move so that no crash leaves half a file.

  Args:
    path: ends in .npz.
    arrays: as `from_torch` returns them.
    sha256: of the file that they came from.
  """
  new = path.with_name(f'{path.name}.{os.getpid()}')
  with zipfile.ZipFile(new, 'w') as archive:
    for name, array in {**arrays, _HASH: np.array(sha256)}.items():
      # Without a time, so that equal weights make equal files.
      info = zipfile.ZipInfo(f'{name}.npy')
      with archive.open(info, 'w', force_zip64=True) as file:
        np.lib.format.write_array(file, array, allow_pickle=False)
  new.replace(path)


def load(path: pathlib.Path, sha256: str | None = None) -> Weights:
  """Reads the weights that `save` wrote.

  Args:
    path: of the .npz.
    sha256: that the file it was made from must have; None for any.

  Raises:
    ValueError: no such file, damaged, not the whole net, or of another hash.
  """
  arrays = _read_npz(path)
  found = str(arrays.pop(_HASH, ''))
  if not re.fullmatch('[0-9a-f]{64}', found):
    raise ValueError(
      f'{path} does not say which weights it was made from; make it with '
      'python -m jaxgan.convert_inception.'
    )
  if sha256 and found != _digits(sha256):
    raise ValueError(
      f'{path} was made from weights of SHA-256 {found} and {sha256} was asked '
      'for; numbers of different nets do not compare.'
    )
  _check(arrays, str(path))
  tree = {name: jnp.asarray(array) for name, array in arrays.items()}
  return Weights(traverse_util.unflatten_dict(tree, sep='/'), found)


def _read_npz(path: pathlib.Path) -> Arrays:
  try:
    with path.open('rb') as file, np.load(file, allow_pickle=False) as archive:
      return {name: archive[name] for name in archive.files}
  except FileNotFoundError as error:
    raise ValueError(
      f'{path} does not exist; make it from the public PyTorch weights with '
      'python -m jaxgan.convert_inception.'
    ) from error
  # A lone array has no context; zip and zlib find flipped bits.
  except (
    OSError, ValueError, EOFError, TypeError, zipfile.BadZipFile, zlib.error,
  ) as error:  # fmt: skip
    raise ValueError(
      f'{path} is damaged or no .npz ({error}); convert the weights again.'
    ) from error


def _check(arrays: Mapping[str, np.ndarray], where: str) -> None:
  """Raises a ValueError unless all arrays of the net are there and fit."""
  expected = shapes()
  for name in sorted(expected.keys() ^ arrays.keys()):
    fault = 'is missing' if name in expected else 'is not of this net'
    raise ValueError(f'{where}: {name} {fault}; convert the weights again.')
  for name, array in arrays.items():
    if array.shape != expected[name] or array.dtype != np.float32:
      raise ValueError(
        f'{where}: {name} is {array.dtype} of shape {list(array.shape)}; the '
        f'net needs float32 of shape {list(expected[name])}.'
      )


def _digits(sha256: str) -> str:
  """A hash in lower case, or a ValueError for what is none."""
  if not re.fullmatch('[0-9a-fA-F]{64}', sha256):
    raise ValueError(
      f'--sha256 is {sha256!r}; a SHA-256 has 64 hexadecimal digits.'
    )
  return sha256.lower()
