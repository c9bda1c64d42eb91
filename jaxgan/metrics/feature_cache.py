"""Features of real data, kept on disk under all that they depend on."""

import hashlib
import os
import pathlib
import zipfile
from typing import Any

import numpy as np

from jaxgan.metrics.features import FeatureNet, Features, digest
from jaxgan.metrics.frechet import Moments


def folder() -> pathlib.Path:
  """Where a user's features are kept, by the rules of XDG."""
  home = os.environ.get('XDG_CACHE_HOME') or pathlib.Path.home() / '.cache'
  return pathlib.Path(home) / 'jaxgan' / 'features'


def features(
  net: FeatureNet,
  examples: np.ndarray,
  place: pathlib.Path,
  *,
  only_moments: bool = False,
) -> Features:
  """`net.extract`, kept under the hashes of the net and of the examples.

  Args:
    net: whose features.
    examples: whole.
    place: of the cache; it is made.
    only_moments: `net.summarise` instead.
  """
  key = (
    f'{net.name} {net.sha256} {net.resize} {digest(examples)} {only_moments}'
  )
  path = place / f'{hashlib.sha256(key.encode()).hexdigest()[:32]}.npz'
  found = _read(path)
  if found is not None:
    net.watch(found.num)
    return found
  found = (net.summarise if only_moments else net.extract)(examples)
  place.mkdir(parents=True, exist_ok=True)
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
