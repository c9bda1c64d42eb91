"""Random weights and images for Inception, the same with and without PyTorch.

The stream of numpy's RandomState is frozen. Stored outputs of the reference
packages for these weights can therefore be compared with the outputs of ours.
"""

import numpy as np

from jaxgan.metrics import inception_weights

# last part of a PyTorch name -> range of the values. Kernels have the variance
# of He et al., which keeps the scale of activations. The statistics differ from
# those of a fresh net, so that each of them changes the outputs.
_RANGES = {
  'running_mean': (-0.2, 0.2),
  'running_var': (0.5, 1.5),
  'bias': (-0.1, 0.3),
}
_NORM_SCALE = (0.5, 1.3)


def state_dict(seed=0):
  """Random weights: {PyTorch name: float32 array in PyTorch's layout}."""
  rng = np.random.RandomState(seed)
  state = {}
  for name, shape in sorted(inception_weights.shapes().items()):
    key = inception_weights.torch_name(name)
    shape = {4: lambda h, w, i, o: (o, i, h, w), 2: lambda i, o: (o, i)}.get(
      len(shape), lambda n: (n,)
    )(*shape)
    if len(shape) > 1:
      high = np.sqrt(6 / np.prod(shape[1:]))
      low = -high
    else:
      low, high = _RANGES.get(key.split('.')[-1], _NORM_SCALE)
    state[key] = rng.uniform(low, high, shape).astype(np.float32)
  return state


def images(count, height, width, seed=1):
  """Random images [N, H, W, 3] uint8 of different brightness."""
  rng = np.random.RandomState(seed)
  values = rng.uniform(size=(count, height, width, 3))
  powers = rng.uniform(0.2, 3, (count, 1, 1, 3))
  return (255 * values**powers).astype(np.uint8)
