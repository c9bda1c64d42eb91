"""Random weights and images for Inception, the same with and without PyTorch.

numpy's RandomState is frozen for good, so what a reference said of these
weights once can be compared with what the net says of them now.
"""

import numpy as np

from jaxgan.metrics import inception_weights

# What follows the last dot of a name, and the range of its values. Kernels
# are He's, so that a signal neither dies nor grows; statistics are far from
# what a fresh net has, so that each of them shows.
_RANGES = {
  'running_mean': (-0.2, 0.2),
  'running_var': (0.5, 1.5),
  'bias': (-0.1, 0.3),
}
_NORM_SCALE = (0.5, 1.3)


def state_dict(seed=0):
  """float32 arrays by the names, and in the layout, of PyTorch."""
  rng = np.random.RandomState(seed)
  state = {}
  for name, shape in sorted(inception_weights.shapes().items()):
    theirs = inception_weights.torch_name(name)
    shape = {4: lambda h, w, i, o: (o, i, h, w), 2: lambda i, o: (o, i)}.get(
      len(shape), lambda n: (n,)
    )(*shape)
    if len(shape) > 1:
      high = np.sqrt(6 / np.prod(shape[1:]))
      low = -high
    else:
      low, high = _RANGES.get(theirs.split('.')[-1], _NORM_SCALE)
    state[theirs] = rng.uniform(low, high, shape).astype(np.float32)
  return state


def images(count, height, width, seed=1):
  """[N, H, W, 3] uint8, bright and dark, so that their features differ."""
  rng = np.random.RandomState(seed)
  values = rng.uniform(size=(count, height, width, 3))
  powers = rng.uniform(0.2, 3, (count, 1, 1, 3))
  return (255 * values**powers).astype(np.uint8)
