"""Inception-v3 as the Frechet Inception distance has used it since 2017.

It is the net of Szegedy et al. (2016) as TensorFlow's archive of December 2015
holds it, which differs from other Inception-v3: 1,008 classes, average pools
that leave the padding out of their means, a max pool in the last block, and no
second classifier. Submodules have the names of the public PyTorch weights.
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

# The default of accelerators would leave two or three digits of a feature.
_PRECISION = jax.lax.Precision.HIGHEST


class Conv(NamedTuple):
  """A convolution, with what always follows it: see `Unit`.

  Attributes:
    name: in the public weights.
    features: Cout.
    size: of the kernel, (height, width).
    stride: of both axes.
    padding: `SAME` or `VALID`.
  """

  name: str
  features: int
  size: tuple[int, int] = (1, 1)
  stride: int = 1
  padding: str = 'SAME'


class Fork(NamedTuple):
  """Two convolutions that read the same and are concatenated."""

  first: Conv
  second: Conv


Pool: TypeAlias = Callable[[Array], Array]
Branch: TypeAlias = Sequence[Conv | Fork | Pool]


class Unit(nn.Module):
  """Convolution, batch norm by its stored statistics, ReLU.

  Attributes:
    conv: the convolution.
  """

  conv: Conv

  @nn.compact
  def __call__(self, x: Array) -> Array:
    """[N, H, W, Cin] -> [N, H', W', Cout]."""
    _, features, size, stride, padding = self.conv
    x = nn.Conv(
      features,
      size,
      stride,
      padding,
      use_bias=False,
      precision=_PRECISION,
      name='conv',
    )(x)
    norm = nn.BatchNorm(use_running_average=True, epsilon=1e-3, name='bn')
    return nn.relu(norm(x))


class Mixed(nn.Module):
  """Branches that read the same and are concatenated.

  Attributes:
    branches: in the order of their channels.
  """

  branches: Sequence[Branch]

  @nn.compact
  def __call__(self, x: Array) -> Array:
    """[N, H, W, Cin] -> [N, H', W', Cout]."""
    return jnp.concatenate([_follow(b, x) for b in self.branches], axis=-1)


class Outputs(NamedTuple):
  """What is measured of N images.

  Attributes:
    features: [N, 2048] float32, at least 0: the last pool.
    logits: [N, 1008] float32.
    unbiased: [N, 1008] float32: logits without their bias, of which the
      Inception score's first code, and torch-fidelity, take the softmax.
  """

  features: Array
  logits: Array
  unbiased: Array


class Inception(nn.Module):
  """The whole net."""

  @nn.compact
  def __call__(self, x: Array) -> Outputs:
    """Images [N, H, W, 3] float32 in [-1, 1], meant to be of side 299."""
    x = _follow(STEM, x)
    for name, branches in MIXED.items():
      x = Mixed(branches, name=name)(x)
    features = x.mean((1, 2))
    logits = nn.Dense(CLASSES, precision=_PRECISION, name='fc')(features)
    bias = self.variables['params']['fc']['bias']
    return Outputs(features, logits, logits - bias[None])


def _unit(x: Array) -> Array:
  """[0, 255] -> [-1, 1] as PyTorch's users do, 2 x / 255 - 1."""
  return x * (2 / 255) - 1.0


def _graph(x: Array) -> Array:
  """[0, 255] -> [-1, 1) as TensorFlow's graph does, (x - 128) / 128."""
  return (x - 128.0) / 128.0


# Each protocol of a resize has its own scale, and they are 0.4 % apart.
SCALES: dict[str, Callable[[Array], Array]] = {
  'clean': _graph,
  'legacy': _unit,
  'legacy_tf': _graph,
}


def embed(
  variables: Variables, images: Array | np.ndarray, *, resize: str = 'clean'
) -> Outputs:
  """Features and logits of one batch of images.

  With equal weights they are those of the package whose protocol the resize
  is: clean-fid (`clean`), pytorch-fid (`legacy`) or torch-fidelity
  (`legacy_tf`). Each shape of a batch compiles once, and each image of it takes
  about 40 MB.

  Args:
    variables: of `Inception`, from `weights.load`.
    images: [N, H, W, 3] uint8.
    resize: one of `resize.RESIZES`, to side 299; it also picks the scale.

  Raises:
    ValueError: an unknown name, another dtype or shape, or channels that are
      not 3.
  """
  if images.ndim == 4 and images.shape[-1] != CHANNELS:
    raise ValueError(
      f'images have {images.shape[-1]} channels and Inception takes '
      f'{CHANNELS}; use a feature net for such images, or make them RGB.'
    )
  return _embed(variables, resize_lib.resize(images, SIDE, resize), resize)


@functools.partial(jax.jit, static_argnums=2)
def _embed(variables: Variables, images: Array, resize: str) -> Outputs:
  return cast(Outputs, Inception().apply(variables, SCALES[resize](images)))


def _follow(branch: Branch, x: Array) -> Array:
  """The layers of a branch, one after the other."""
  for layer in branch:
    if isinstance(layer, Conv):
      x = Unit(layer, name=layer.name)(x)
    elif isinstance(layer, Fork):
      x = jnp.concatenate([_follow((conv,), x) for conv in layer], axis=-1)
    else:
      x = layer(x)
  return x


def _max_pool_down(x: Array) -> Array:
  return nn.max_pool(x, (3, 3), (2, 2))


def _max_pool(x: Array) -> Array:
  return nn.max_pool(x, (3, 3), padding='SAME')


def _mean_pool(x: Array) -> Array:
  """Means over what is inside the image, as TensorFlow pads."""
  return nn.avg_pool(x, (3, 3), padding='SAME', count_include_pad=False)


def _block_a(pooled: int) -> Sequence[Branch]:
  return (
    (Conv('branch1x1', 64),),
    (Conv('branch5x5_1', 48), Conv('branch5x5_2', 64, (5, 5))),
    _two_3x3(1, 'SAME'),
    (_mean_pool, Conv('branch_pool', pooled)),
  )


def _block_b() -> Sequence[Branch]:
  return (
    (Conv('branch3x3', 384, (3, 3), 2, 'VALID'),),
    _two_3x3(2, 'VALID'),
    (_max_pool_down,),
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


def _block_d() -> Sequence[Branch]:
  return (
    (Conv('branch3x3_1', 192), Conv('branch3x3_2', 320, (3, 3), 2, 'VALID')),
    (
      Conv('branch7x7x3_1', 192),
      Conv('branch7x7x3_2', 192, (1, 7)),
      Conv('branch7x7x3_3', 192, (7, 1)),
      Conv('branch7x7x3_4', 192, (3, 3), 2, 'VALID'),
    ),
    (_max_pool_down,),
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
  'Mixed_6a': _block_b(),
  'Mixed_6b': _block_c(128),
  'Mixed_6c': _block_c(160),
  'Mixed_6d': _block_c(160),
  'Mixed_6e': _block_c(192),
  'Mixed_7a': _block_d(),
  'Mixed_7b': _block_e(_mean_pool),
  # Probably an oversight of 2015, and every published FID has it.
  'Mixed_7c': _block_e(_max_pool),
}
