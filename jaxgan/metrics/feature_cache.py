"""Caches features of real data on disk, keyed by the net and the examples."""

import hashlib
import os
import pathlib

import numpy as np

from jaxgan.metrics import npz
from jaxgan.metrics.features import FeatureNet, Features, digest
from jaxgan.metrics.frechet import Moments
from jaxgan.nets import chunks

_NOTHING = Features(np.zeros((0, 0), np.float32), None)


def folder() -> pathlib.Path:
  """Returns the default cache folder, following the XDG specification."""
  home = os.environ.get('XDG_CACHE_HOME') or pathlib.Path.home() / '.cache'
  return pathlib.Path(home) / 'jaxgan' / 'features'


def features(
  net: FeatureNet,
  examples: np.ndarray,
  cache: pathlib.Path,
  *,
  only_moments: bool = False,
) -> Features:
  """Returns features from the cache; computes and stores them if missing.

  Args:
    net: the feature net.
    examples: all examples of the set.
    cache: the cache folder, which is created if missing.
    only_moments: whether to compute only mean and covariance.

  If several processes share the net, only the first one reads and writes the
  cache, and the others return the features of no example.
  """
  key = (
    f'{net.name} {net.sha256} {net.resize} {digest(examples)} {only_moments}'
  )
  path = cache / f'{hashlib.sha256(key.encode()).hexdigest()[:32]}.npz'
  share = net.share
  stored = _read(path) if share.is_first else None
  if share.agree(stored is not None):
    stored = stored or _NOTHING
    net.on_progress(stored.num)
    return stored
  own = share.own(chunks.split(examples))
  extract = net.extract_moments if only_moments else net.extract
  result = extract(own, len(examples))
  if not share.is_first:
    return result
  cache.mkdir(parents=True, exist_ok=True)
  arrays = {'values': result.values}
  if result.logits is not None:
    arrays['logits'] = result.logits
  if result.moments is not None:
    arrays |= result.moments._asdict()
  npz.write(path, arrays)
  return result


def _read(path: pathlib.Path) -> Features | None:
  """Reads cached features; returns None if they are missing or damaged."""
  try:
    arrays = npz.read(path, 'jaxgan.evaluate')
    moments = None
    if 'num' in arrays:
      moments = Moments(int(arrays['num']), arrays['mean'], arrays['cov'])
    return Features(arrays['values'], arrays.get('logits'), moments)
  except (OSError, KeyError, ValueError):
    return None
