"""Generator with a style per layer, and a critic with minibatch deviation.

Sources: StyleGAN (Karras et al., 2019: mapping, noise, style mixing,
truncation), StyleGAN2 (Karras et al., 2020: a generator that sums its images, a
residual critic) and Karras et al., 2018 (minibatch standard deviation). The
convolutions and their demodulation are in `equalized`. Two differences: the
generator ends in a tanh, since images are in [-1, 1] here, and there is no
path-length penalty.
"""

import math

import flax.linen as nn
import jax
import jax.numpy as jnp
from jax.export import is_symbolic_dim

from jaxgan.nets import base, equalized, latents, layers, resnet
from jaxgan.nets.precision import Net
from jaxgan.types import Array, Pair

_MAPPING_RATE = 0.01  # Learning rate of the mapping, relative to the others.
_DECAY = 0.998  # Of the moving mean of the styles, per generator update.


class Mapping(nn.Module):
  """Maps latents to styles, and records the moving mean of the styles."""

  config: Net

  @nn.compact
  def __call__(self, z: Array, *, train: bool) -> Array:
    """Latents [B, width] -> styles [B, W] float32."""
    net = self.config
    noise, rest = z[:, : net.latent_size], z[:, net.latent_size :]
    square = jnp.mean(jnp.square(noise), axis=1, keepdims=True)
    x = jnp.concatenate([noise / jnp.sqrt(square + 1e-8), rest], axis=1)
    for _ in range(net.mapping_layers):
      dense = equalized.Dense(net.style_size, rate=_MAPPING_RATE)
      x = equalized.leaky_relu(dense(x))
    size, zeros = net.style_size, jnp.zeros
    mean: nn.Variable = self.variable('batch_stats', 'mean', zeros, size)
    if train and not self.is_initializing():
      new = jax.lax.stop_gradient(x.mean(0))
      mean.value = _DECAY * mean.value + (1 - _DECAY) * new
    return x

  def truncate(self, w: Array, psi: float) -> Array:
    """Moves styles towards their mean: mean + psi (w - mean)."""
    mean: Array = self.get_variable('batch_stats', 'mean')[None]
    return mean + psi * (w - mean)


class Layer(nn.Module):
  """A modulated 3x3 convolution, noise, a bias and a leaky ReLU.

  `up` doubles the sides first. `number` is the index of the layer and the seed
  of its fixed noise.
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
    kernel = equalized.kernel(self, 3, x.shape[-1], self.features)
    style = equalized.Dense(x.shape[-1], bias=1.0, name='style')(w)
    x = equalized.modulated_conv(x, kernel, style, net)
    strength = self.param('noise', nn.initializers.zeros_init(), ())
    x += layers.spread(strength * self._noise(x, train), x)
    return equalized.activate(self, x, net.gen_activation)

  def _noise(self, x: Array, train: bool) -> Array:
    """Random noise per example in training, else one fixed noise for all."""
    b, h, w, _ = x.shape
    if train:
      return jax.random.normal(self.make_rng('noise'), (b, h, w, 1))
    return jax.random.normal(jax.random.key(self.number), (1, h, w, 1))


class ToImage(nn.Module):
  """A modulated 1x1 convolution to pixels, without demodulation."""

  config: Net
  channels: int

  @nn.compact
  def __call__(self, x: Array, w: Array) -> Array:
    """[B, H, W, Cin], styles [B, W] -> [B, H, W, C] float32, unbounded."""
    kernel = equalized.kernel(self, 1, x.shape[-1], self.channels)
    style = equalized.Dense(x.shape[-1], bias=1.0, name='style')(w)
    x = equalized.modulated_conv(x, kernel, style, self.config, False)
    return x.astype(jnp.float32) + equalized.bias(self, self.channels)


class Synthesis(nn.Module):
  """Maps a style per layer to an image, starting from a trained constant.

  Attributes:
    config: `gen_widths` are the features of each size, from the smallest.
    shape: (H, W, C) of the images.
  """

  config: Net
  shape: tuple[int, ...]

  @nn.compact
  def __call__(self, styles: Array, *, train: bool) -> Array:
    """Styles [B, L, W], L = `num_layers` -> images [B, H, W, C] in [-1, 1]."""
    net, widths = self.config, self.config.gen_widths
    h, w = (n >> len(widths) - 1 for n in self.shape[:2])
    start = nn.initializers.normal(1.0)
    x = self.param('start', start, (1, h, w, widths[0]))
    num = styles.shape[0]
    x = jnp.broadcast_to(x, (num, *x.shape[1:]))
    image = jnp.zeros((num, h, w, self.shape[-1]), jnp.float32)
    number = 0
    for i, width in enumerate(widths):
      image = layers.blur(layers.upsample(image)) if i else image
      for up in (True, False) if i else (False,):
        layer = Layer(net, width, up, number)
        x = layer(x, styles[:, number], train=train)
        number += 1
      # The image of one size uses the style of the next size's first layer.
      last = min(number, styles.shape[1] - 1)
      image += ToImage(net, self.shape[-1])(x, styles[:, last])
    return jnp.tanh(image)


class Generator(nn.Module):
  """Mapping and synthesis networks.

  Attributes:
    config: of both.
    shape: (H, W, C) of the images.
    psi: truncation outside training: 1 for none, 0 for the mean style only.
  """

  config: Net
  shape: tuple[int, ...]
  psi: float = 1.0

  def setup(self) -> None:
    """Creates both networks."""
    self.mapping = Mapping(self.config)
    self.synthesis = Synthesis(self.config, self.shape)

  def __call__(self, z: Array, *, train: bool) -> Array:
    """Latents [B, width] -> images [B, H, W, C] float32 in [-1, 1].

    Training needs random numbers named `noise`: for the noise of the layers,
    and for the second styles of a share of the images.
    """
    if train:
      styles = self._mix_randomly(z, self.mapping(z, train=True))
      return self.synthesis(styles, train=True)
    return self.mix(z, z, jnp.zeros(z.shape[0], jnp.int32))

  def mix(self, z: Array, other: Array, at: Array) -> Array:
    """Mixes the styles of two latents.

    Args:
      z: [B, width] latents, for the layers before `at`.
      other: [B, width] latents, for the layers from `at` on.
      at: [B] int32, 0 to `num_layers`.

    Returns:
      [B, H, W, C] float32 in [-1, 1].
    """
    w, v = self._style(z), self._style(other)
    styles = mix_styles(w, v, at, num_layers(self.config))
    return self.synthesis(styles, train=False)

  def _style(self, z: Array) -> Array:
    w = self.mapping(z, train=False)
    return w if self.psi == 1 else self.mapping.truncate(w, self.psi)

  def _mix_randomly(self, z: Array, w: Array) -> Array:
    """Replaces some examples' styles from a random layer on: [B, L, W]."""
    net, num, last = self.config, z.shape[0], num_layers(self.config)
    keys = jax.random.split(self.make_rng('noise'), 3)
    fresh = latents.of(net).draw(keys[0], num)[:, : net.latent_size]
    other = jnp.concatenate([fresh, z[:, net.latent_size :]], axis=1)
    at = jax.random.randint(keys[1], (num,), 1, last)
    mixes = jax.random.bernoulli(keys[2], net.style_mixing, (num,))
    at = jnp.where(mixes, at, last)
    # train=False, so that only the first styles enter the moving mean.
    return mix_styles(w, self.mapping(other, train=False), at, last)


class CriticBlock(nn.Module):
  """A residual block of two convolutions that halves the sides."""

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


def _features(x: Array, config: Net, train: bool) -> Array:
  """Critic body: halves the sides once per width after the first."""
  widths = config.critic_widths
  x = equalized.Conv(config, widths[0], size=1)(x)
  for width in widths[1:]:
    x = CriticBlock(config, width)(x)
    x = layers.dropout(x, config, train)
  x = append_deviation(x, config.minibatch_group)
  x = equalized.Conv(config, widths[-1])(x)
  x = equalized.Dense(widths[-1])(x.reshape(x.shape[0], -1).astype(jnp.float32))
  return equalized.leaky_relu(x)


def mix_styles(w: Array, other: Array, at: Array, num: int) -> Array:
  """Styles [B, L, W] of L = `num` layers: w before layer `at`, then `other`."""
  first = jnp.arange(num)[None] < at[:, None]
  return jnp.where(first[:, :, None], w[:, None], other[:, None])


def append_deviation(x: Array, group: int) -> Array:
  """Appends the minibatch standard deviation (Karras et al., 2018).

  It is the standard deviation over the examples i, i + B / group, ..., averaged
  over pixels and channels. So a score depends on the whole group, and the
  penalty uses the gradient of the sum of the scores, as the authors' code does.

  Args:
    x: [B, H, W, C].
    group: size of the groups; gcd(group, B) is used. If B is symbolic, it
      must be a multiple of the group.

  Returns:
    [B, H, W, C + 1]; x itself for groups of 1.
  """
  if group == 1:
    return x
  b, h, w, c = x.shape
  group = group if is_symbolic_dim(b) else math.gcd(group, b)
  groups = x.reshape(group, b // group, h, w, c).astype(jnp.float32)
  std = jnp.sqrt(jnp.var(groups, axis=0) + 1e-8).mean((1, 2, 3))
  std = jnp.tile(std, group).reshape(b, 1, 1, 1)
  return jnp.concatenate([x, layers.spread(std, x[..., :1])], axis=-1)


def num_layers(config: Net) -> int:
  """The number of styled layers, L: two per size, but one for the smallest."""
  return 2 * len(config.gen_widths) - 1


def build(config: Net, shape: tuple[int, ...]) -> Pair[nn.Module]:
  """Builds the generator and critic for images of shape (H, W, C).

  Raises:
    ValueError: a side that cannot be halved once per width.
  """
  resnet.feature_sizes(config, shape)  # Checks the sides.
  return Pair(Generator(config, shape), base.Critic(config, _features))
