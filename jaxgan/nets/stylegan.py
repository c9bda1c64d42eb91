"""A generator that is told in every layer which style to have.

Sources: StyleGAN (Karras et al., 2019: the mapping, noise, mixing, truncation),
StyleGAN2 (Karras et al., 2020: the generator that sums its images, the residual
critic) and Karras et al., 2018 (the minibatch deviation). Convolutions and
their demodulation are in `scaled.py`. Ours ends in a tanh, since images are in
[-1, 1] here, and has no path-length penalty.
"""

import math

import flax.linen as nn
import jax
import jax.numpy as jnp

from jaxgan.config import Net
from jaxgan.nets import equalized, latents, layers, resnet
from jaxgan.types import Array, Pair

_SLOW = 0.01  # Learning rate of the mapping, as a share of the others'.
_DECAY = 0.998  # Of the mean style, per generator update.


class Mapping(nn.Module):
  """From latents to styles, and the mean style of training.

  Attributes:
    config: `mapping_layers`, `style_size` and the parts of the latent.
  """

  config: Net

  @nn.compact
  def __call__(self, z: Array, *, train: bool) -> Array:
    """Latents [B, width] -> styles [B, W] float32."""
    net = self.config
    noise, rest = z[:, : net.latent_size], z[:, net.latent_size :]
    square = jnp.mean(jnp.square(noise), axis=1, keepdims=True)
    x = jnp.concatenate([noise / jnp.sqrt(square + 1e-8), rest], axis=1)
    for _ in range(net.mapping_layers):
      x = (
        layers.leaky_relu(equalized.Dense(net.style_size, rate=_SLOW)(x))
        * equalized.GAIN
      )
    mean: nn.Variable = self.variable(
      'batch_stats', 'mean', jnp.zeros, net.style_size
    )
    if train and not self.is_initializing():
      new = jax.lax.stop_gradient(x.mean(0))
      mean.value = _DECAY * mean.value + (1 - _DECAY) * new
    return x

  def truncated(self, w: Array, psi: float) -> Array:
    """Styles moved to where 1 - psi of the way to their mean is behind them."""
    mean: Array = self.get_variable('batch_stats', 'mean')[None]
    return mean + psi * (w - mean)


class Layer(nn.Module):
  """A modulated 3x3 convolution, noise, a bias and a leaky ReLU.

  Attributes:
    config: compute dtype and formulation.
    features: Cout.
    up: whether it doubles the sides first.
    number: of the layer, which its fixed noise depends on.
  """

  config: Net
  features: int
  up: bool
  number: int

  @nn.compact
  def __call__(self, x: Array, w: Array, *, train: bool) -> Array:
    """[B, H, W, Cin], styles [B, W] -> [B, H', W', Cout]."""
    net = self.config
    x = layers.blur(layers.upsample(x)) if self.up else x
    kernel = equalized.weights(self, 3, x.shape[-1], self.features)
    style = equalized.Dense(x.shape[-1], bias=1.0, name='style')(w)
    x = equalized.modulated(x, kernel, style, net)
    strength = self.param('noise', nn.initializers.zeros_init(), ())
    x += strength.astype(x.dtype) * self._noise(x, train).astype(x.dtype)
    return equalized.activated(self, x, net.gen_activation)

  def _noise(self, x: Array, train: bool) -> Array:
    """New for every example in training, and else one for all and always."""
    b, h, w, _ = x.shape
    if train:
      return jax.random.normal(self.make_rng('noise'), (b, h, w, 1))
    return jax.random.normal(jax.random.key(self.number), (1, h, w, 1))


class ToImage(nn.Module):
  """A modulated 1x1 convolution without demodulation.

  Attributes:
    config: compute dtype and formulation.
    channels: of the image.
  """

  config: Net
  channels: int

  @nn.compact
  def __call__(self, x: Array, w: Array) -> Array:
    """[B, H, W, Cin], styles [B, W] -> [B, H, W, C] float32, unbounded."""
    kernel = equalized.weights(self, 1, x.shape[-1], self.channels)
    style = equalized.Dense(x.shape[-1], bias=1.0, name='style')(w)
    x = equalized.modulated(x, kernel, style, self.config, demodulate=False)
    return x.astype(jnp.float32) + equalized.offset(self, self.channels)


class Synthesis(nn.Module):
  """From a learnt constant, and a style for each layer, to an image.

  Attributes:
    config: `gen_widths` are the features of each size, from the smallest.
    shape: (H, W, C) of the images.
  """

  config: Net
  shape: tuple[int, int, int]

  @nn.compact
  def __call__(self, styles: Array, *, train: bool) -> Array:
    """Styles [B, L, W], L as `layers_of` says -> images in [-1, 1]."""
    net, widths = self.config, self.config.gen_widths
    h, w = (n >> len(widths) - 1 for n in self.shape[:2])
    start = nn.initializers.normal(1.0)
    x = self.param('start', start, (1, h, w, widths[0]))
    x = x.repeat(len(styles), axis=0)
    image = jnp.zeros((len(styles), h, w, self.shape[-1]), jnp.float32)
    number = 0
    for i, width in enumerate(widths):
      image = layers.blur(layers.upsample(image)) if i else image
      for up in (True, False) if i else (False,):
        layer = Layer(net, width, up, number)
        x = layer(x, styles[:, number], train=train)
        number += 1
      # The image of a size has the style of the next size's first layer.
      last = min(number, styles.shape[1] - 1)
      image += ToImage(net, self.shape[-1])(x, styles[:, last])
    return jnp.tanh(image)


class Generator(nn.Module):
  """Mapping and synthesis.

  Attributes:
    config: of both.
    shape: (H, W, C) of the images.
    psi: of truncation, outside training: 1 for none, 0 for one style for all.
  """

  config: Net
  shape: tuple[int, int, int]
  psi: float = 1.0

  def setup(self) -> None:
    """Both parts, which `mix` uses too."""
    self.mapping = Mapping(self.config)
    self.synthesis = Synthesis(self.config, self.shape)

  def __call__(self, z: Array, *, train: bool) -> Array:
    """Latents [B, width] -> images [B, H, W, C] float32 in [-1, 1].

    In training it needs random numbers named `noise`: for the noise of its
    layers, and for the second styles of a share of the images.
    """
    if train:
      styles = self._second(z, self.mapping(z, train=True))
      return self.synthesis(styles, train=True)
    return self.mix(z, z, jnp.zeros(len(z), jnp.int32))

  def mix(self, z: Array, other: Array, at: Array) -> Array:
    """Images with the styles of z, and from layer `at` on those of another.

    Args:
      z: [B, width] latents.
      other: [B, width] latents.
      at: [B] int32; 0 for the other's image, `layers_of` for that of z.

    Returns:
      [B, H, W, C] float32 in [-1, 1].
    """
    w, v = self._style(z), self._style(other)
    return self.synthesis(mixed(w, v, at, self._layers), train=False)

  @property
  def _layers(self) -> int:
    return layers_of(self.config)

  def _style(self, z: Array) -> Array:
    w = self.mapping(z, train=False)
    return w if self.psi == 1 else self.mapping.truncated(w, self.psi)

  def _second(self, z: Array, w: Array) -> Array:
    """[B, L, W]: some have a second style from a random layer on."""
    net, num = self.config, len(z)
    keys = jax.random.split(self.make_rng('noise'), 3)
    fresh = latents.of(net).draw(keys[0], num)[:, : net.latent_size]
    other = jnp.concatenate([fresh, z[:, net.latent_size :]], axis=1)
    at = jax.random.randint(keys[1], (num,), 1, self._layers)
    mixes = jax.random.bernoulli(keys[2], net.style_mixing, (num,))
    at = jnp.where(mixes, at, self._layers)
    # As in inference: the mean style counts each latent of a batch once.
    return mixed(w, self.mapping(other, train=False), at, self._layers)


class CriticBlock(nn.Module):
  """Two convolutions beside a shortcut, halving the sides.

  Attributes:
    config: compute dtype and formulation.
    features: Cout.
  """

  config: Net
  features: int

  @nn.compact
  def __call__(self, x: Array) -> Array:
    """[B, H, W, Cin] -> [B, H/2, W/2, Cout]."""
    h = equalized.Conv(self.config, x.shape[-1])(x)
    h, x = (layers.mean_pool(layers.blur(y)) for y in (h, x))
    h = equalized.Conv(self.config, self.features)(h)
    x = equalized.Conv(self.config, self.features, size=1, linear=True)(x)
    return (h + x) / equalized.GAIN


class Critic(nn.Module):
  """Residual blocks, the minibatch deviation and two last layers.

  Attributes:
    config: `critic_widths` are the features of each size, from the image.
    outputs: as of `layers.head`.
  """

  config: Net
  outputs: int = 0

  @nn.compact
  def __call__(
    self, x: Array, label: Array | None = None, *, train: bool
  ) -> Array:
    """Images [B, H, W, C] -> scores [B] float32, or features [B, N]."""
    del label
    net, widths = self.config, self.config.critic_widths
    x = equalized.Conv(net, widths[0], size=1)(x)
    for width in widths[1:]:
      x = CriticBlock(net, width)(x)
      x = layers.dropout(x, net, train)
    x = equalized.Conv(net, widths[-1])(deviation(x, net.minibatch_group))
    x = equalized.Dense(widths[-1])(x.reshape(len(x), -1).astype(jnp.float32))
    return layers.head(
      layers.leaky_relu(x) * equalized.GAIN, self.outputs, net, train
    )


def mixed(w: Array, other: Array, at: Array, num_layers: int) -> Array:
  """[B, L, W]: styles w before layer `at`, [B] int32, and others from it on."""
  first = jnp.arange(num_layers)[None] < at[:, None]
  return jnp.where(first[:, :, None], w[:, None], other[:, None])


def deviation(x: Array, group: int) -> Array:
  """Appends how much the examples of a group differ (Karras et al., 2018).

  The mean, over places and channels, of the standard deviation of the examples
  i, i + B / group, ...; so a score depends on the group, and a slope is that of
  the sum of the scores, as it is for the authors.

  Args:
    x: [B, H, W, C].
    group: examples of each; its greatest common divisor with B is taken.

  Returns:
    [B, H, W, C + 1]; x itself for groups of 1.
  """
  if group == 1:
    return x
  b, h, w, c = x.shape
  group = math.gcd(group, b)
  groups = x.reshape(group, b // group, h, w, c).astype(jnp.float32)
  apart = jnp.sqrt(jnp.var(groups, axis=0) + 1e-8).mean((1, 2, 3))
  apart = jnp.tile(apart, group).reshape(b, 1, 1, 1).astype(x.dtype)
  return jnp.concatenate([x, jnp.broadcast_to(apart, (b, h, w, 1))], axis=-1)


def layers_of(config: Net) -> int:
  """L: two for each size, but one for the smallest."""
  return 2 * len(config.gen_widths) - 1


def build(config: Net, shape: tuple[int, int, int]) -> Pair[nn.Module]:
  """The pair for images of shape (H, W, C).

  Raises:
    ValueError: a side that cannot be halved as often as the widths ask, one
      width alone, or a normalisation.
  """
  for key in ('gen_norm', 'critic_norm'):
    if getattr(config, key) != 'none':
      raise ValueError(
        f'net.{key} is {getattr(config, key)} and the nets of stylegan have '
        'none but their demodulation; it must be none.'
      )
  if len(config.gen_widths) < 2:
    raise ValueError(
      'net.gen_widths has one entry and styles of stylegan are mixed between '
      'layers; it must have at least 2.'
    )
  for key in ('gen_widths', 'critic_widths'):
    resnet.sizes(key, len(getattr(config, key)) - 1, shape)
  return Pair(Generator(config, shape), Critic(config))
