"""The Inception-v3 of the Frechet Inception distance (FID).

It is the net of Szegedy et al. (2016) in TensorFlow's archive of December 2015.
It differs from other Inception-v3: 1,008 classes, average pools that exclude
the padding, a max pool in the last block, and no auxiliary classifier.
Submodules have the names of the public PyTorch weights.
"""

import functools
from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeAlias, cast

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np

from jaxgan.metrics import resize as resize_lib
from jaxgan.types import Array, Variables

SIDE, CHANNELS = 299, 3
CLASSES = 1008

# The default precision of accelerators has only two or three correct digits.
_PRECISION = jax.lax.Precision.HIGHEST


class Conv(NamedTuple):
  """Settings of one `Unit`: a convolution with batch norm and ReLU.

  Attributes:
    name: its name in the public weights.
    features: number of output channels.
    size: kernel size (height, width).
    stride: stride of both axes.
    padding: `SAME` or `VALID`.
  """

  name: str
  features: int
  size: tuple[int, int] = (1, 1)
  stride: int = 1
  padding: str = 'SAME'


class Fork(NamedTuple):
  """Two convolutions of the same input, whose outputs are concatenated."""

  first: Conv
  second: Conv


Pool: TypeAlias = Callable[[Array], Array]
Branch: TypeAlias = Sequence[Conv | Fork | Pool]


class Unit(nn.Module):
  """Convolution, batch norm with stored statistics, ReLU."""

  conv: Conv

  @nn.compact
  def __call__(self, x: Array) -> Array:
    """Maps [N, H, W, Cin] to [N, H', W', Cout]."""
    spec = self.conv[1:]  # Features, size, stride and padding.
    x = nn.Conv(*spec, use_bias=False, precision=_PRECISION, name='conv')(x)
    norm = nn.BatchNorm(use_running_average=True, epsilon=1e-3, name='bn')
    return nn.relu(norm(x))


class Mixed(nn.Module):
  """Branches of the same input, whose outputs are concatenated.

  Attributes:
    branches: in the order of their output channels.
  """

  branches: Sequence[Branch]

  @nn.compact
  def __call__(self, x: Array) -> Array:
    """Maps [N, H, W, Cin] to [N, H', W', Cout]."""
    return jnp.concatenate([_apply(b, x) for b in self.branches], axis=-1)


class Outputs(NamedTuple):
  """The outputs of Inception for N images.

  Attributes:
    features: [N, 2048] float32, at least 0: the last pool.
    logits: [N, 1008] float32.
    unbiased: [N, 1008] float32: logits without their bias. The original
      Inception Score and torch-fidelity use their softmax.
  """

  features: Array
  logits: Array
  unbiased: Array


class Inception(nn.Module):
  """The full Inception-v3 network."""

  @nn.compact
  def __call__(self, x: Array) -> Outputs:
    """Embeds images [N, H, W, 3] in [-1, 1], of side 299 as in the training."""
    x = _apply(STEM, x)
    self.sow('intermediates', 'stem_map', x)
    for name, branches in MIXED.items():
      x = Mixed(branches, name=name)(x)
      self.sow('intermediates', f'{name}_map', x)
    features = x.mean((1, 2))
    logits = nn.Dense(CLASSES, precision=_PRECISION, name='fc')(features)
    bias = self.variables['params']['fc']['bias']
    return Outputs(features, logits, logits - bias[None])


# resize protocol -> scaling of [0, 255] to [-1, 1], as in PyTorch for `legacy`
# and as in TensorFlow's graph for the others. The two differ by 0.4 %.
SCALES: dict[str, Callable[[Array], Array]] = {
  'clean': lambda x: (x - 128.0) / 128.0,
  'legacy': lambda x: x * (2 / 255) - 1.0,
  'legacy_tf': lambda x: (x - 128.0) / 128.0,
}


def embed(
  variables: Variables, images: Array | np.ndarray, *, resize: str = 'clean'
) -> Outputs:
  """Computes features and logits of one batch of images.

  With equal weights the outputs equal those of clean-fid (`clean`), pytorch-fid
  (`legacy`) or torch-fidelity (`legacy_tf`). Each batch shape compiles once. An
  image takes about 40 MB of memory.

  Args:
    variables: variables of `Inception`, from `inception_weights.load`.
    images: [N, H, W, 3] uint8.
    resize: resize protocol to side 299, a name in `resize.RESIZES`; it also
      sets the scaling of pixel values.

  Raises:
    ValueError: unknown name, wrong dtype or shape, or not 3 channels.
  """
  if images.ndim == 4 and images.shape[-1] != CHANNELS:
    raise ValueError(
      f'images have {images.shape[-1]} channels, but Inception takes '
      f'{CHANNELS}; use another feature net or convert the images to RGB.'
    )
  return _embed(variables, resize_lib.resize(images, SIDE, resize), resize)


@functools.partial(jax.jit, static_argnums=2)
def _embed(variables: Variables, images: Array, resize: str) -> Outputs:
  return cast(Outputs, Inception().apply(variables, SCALES[resize](images)))


def _apply(branch: Branch, x: Array) -> Array:
  """Applies the layers of a branch in sequence."""
  for layer in branch:
    if isinstance(layer, Conv):
      x = Unit(layer, name=layer.name)(x)
    elif isinstance(layer, Fork):
      x = jnp.concatenate([_apply((conv,), x) for conv in layer], axis=-1)
    else:
      x = layer(x)
  return x


_pool = functools.partial(nn.max_pool, window_shape=(3, 3))
_max_pool_down: Pool = functools.partial(_pool, strides=(2, 2))
_max_pool: Pool = functools.partial(_pool, padding='SAME')


def _mean_pool(x: Array) -> Array:
  """Average pool that excludes the padding, as in TensorFlow."""
  return nn.avg_pool(x, (3, 3), padding='SAME', count_include_pad=False)


def _block_a(pooled: int) -> Sequence[Branch]:
  return (
    (Conv('branch1x1', 64),),
    (Conv('branch5x5_1', 48), Conv('branch5x5_2', 64, (5, 5))),
    _two_3x3(1, 'SAME'),
    (_mean_pool, Conv('branch_pool', pooled)),
  )


def _two_3x3(stride: int, padding: str) -> Branch:
  return (
    Conv('branch3x3dbl_1', 64),
    Conv('branch3x3dbl_2', 96, (3, 3)),
    Conv('branch3x3dbl_3', 96, (3, 3), stride, padding),
  )


def _block_c(inner: int) -> Sequence[Branch]:
  return (
    (Conv('branch1x1', 192),),
    (
      Conv('branch7x7_1', inner),
      Conv('branch7x7_2', inner, (1, 7)),
      Conv('branch7x7_3', 192, (7, 1)),
    ),
    (
      Conv('branch7x7dbl_1', inner),
      Conv('branch7x7dbl_2', inner, (7, 1)),
      Conv('branch7x7dbl_3', inner, (1, 7)),
      Conv('branch7x7dbl_4', inner, (7, 1)),
      Conv('branch7x7dbl_5', 192, (1, 7)),
    ),
    (_mean_pool, Conv('branch_pool', 192)),
  )


def _block_e(pool: Pool) -> Sequence[Branch]:
  def fork(name: str) -> Fork:
    return Fork(Conv(f'{name}a', 384, (1, 3)), Conv(f'{name}b', 384, (3, 1)))

  return (
    (Conv('branch1x1', 320),),
    (Conv('branch3x3_1', 384), fork('branch3x3_2')),
    (
      Conv('branch3x3dbl_1', 448),
      Conv('branch3x3dbl_2', 384, (3, 3)),
      fork('branch3x3dbl_3'),
    ),
    (pool, Conv('branch_pool', 192)),
  )


STEM: Branch = (
  Conv('Conv2d_1a_3x3', 32, (3, 3), 2, 'VALID'),
  Conv('Conv2d_2a_3x3', 32, (3, 3), 1, 'VALID'),
  Conv('Conv2d_2b_3x3', 64, (3, 3)),
  _max_pool_down,
  Conv('Conv2d_3b_1x1', 80),
  Conv('Conv2d_4a_3x3', 192, (3, 3), 1, 'VALID'),
  _max_pool_down,
)

MIXED: dict[str, Sequence[Branch]] = {
  'Mixed_5b': _block_a(32),
  'Mixed_5c': _block_a(64),
  'Mixed_5d': _block_a(64),
  'Mixed_6a': (
    (Conv('branch3x3', 384, (3, 3), 2, 'VALID'),),
    _two_3x3(2, 'VALID'),
    (_max_pool_down,),
  ),
  'Mixed_6b': _block_c(128),
  'Mixed_6c': _block_c(160),
  'Mixed_6d': _block_c(160),
  'Mixed_6e': _block_c(192),
  'Mixed_7a': (
    (Conv('branch3x3_1', 192), Conv('branch3x3_2', 320, (3, 3), 2, 'VALID')),
    (
      Conv('branch7x7x3_1', 192),
      Conv('branch7x7x3_2', 192, (1, 7)),
      Conv('branch7x7x3_3', 192, (7, 1)),
      Conv('branch7x7x3_4', 192, (3, 3), 2, 'VALID'),
    ),
    (_max_pool_down,),
  ),
  'Mixed_7b': _block_e(_mean_pool),
  # The max pool is probably a mistake of 2015, but every published FID has it.
  'Mixed_7c': _block_e(_max_pool),
}
