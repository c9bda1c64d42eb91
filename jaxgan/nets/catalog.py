"""Builds and initializes generator and critic pairs by name.

Every generator is called as `gen.apply(variables, z, train=...)`, where z
contains the label; every critic as `critic.apply(variables, x, label,
train=...)`, where only conditional critics read the label. Statistics of batch
norm and vectors of spectral norm are in the collection `batch_stats`. The names
of random numbers in training are `dropout` (critics) and `noise` (generators).
"""

import dataclasses
import functools
from collections.abc import Callable, Mapping
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp

import jaxgan.config as config_lib
from jaxgan.nets import (
  autoencoder,
  biggan,
  conditional,
  dcgan,
  encoder_decoder,
  kernels,
  mlp,
  multiscale,
  r3gan,
  resnet,
  rrdb,
  stylegan,
  table_mlp,
  unet,
)
from jaxgan.nets import precision as precision_lib
from jaxgan.nets.precision import Net
from jaxgan.types import Array, Pair, Variables

Builder = Callable[[Net, Any], Pair[nn.Module]]

NETS: Mapping[str, Builder] = {
  'mlp': mlp.build,
  'table_mlp': table_mlp.build,
  'dcgan': dcgan.build,
  'resnet': resnet.build,
  'biggan': biggan.build,
  'stylegan': stylegan.build,
  'multiscale': multiscale.build,
  'r3gan': r3gan.build,
  'unet': unet.build,
  'encoder_decoder': encoder_decoder.build,
  'rrdb': rrdb.build,
}


def build(
  config: config_lib.Net, shape: tuple[int, ...], precision: str = 'float32'
) -> Pair[nn.Module]:
  """Builds the generator and the critic of a configuration.

  Args:
    config: the `net` section of the configuration.
    shape: of one example: (H, W, C), or (D,) for vectors.
    precision: a value of `train.precision`; gives the type of activations.

  Returns:
    Modules: latents [B, Z] -> [B, *shape] float32 (images in [-1, 1], vectors
    unbounded), and [B, *shape] -> scores [B] float32.

  Raises:
    ValueError: the net cannot generate this shape.

  Example:
    >>> nets = catalog.build(Net(name='dcgan'), (28, 28, 1))
    >>> nets.gen.config.name
    'dcgan'
  """
  builder = NETS[config.name]
  if len(shape) == 1 and config.name not in ('mlp', 'table_mlp'):
    raise ValueError(
      f'net.name is {config.name!r} and the data are vectors of {shape[0]} '
      'values; vectors need mlp or table_mlp.'
    )
  config = _scaled(config)
  net = precision_lib.typed(config, precision)
  net = dataclasses.replace(net, conv=kernels.resolve(config.conv))
  gen, critic = builder(net, shape)
  if config.classes or conditional.has_auxiliary(config):
    critic = conditional.Critic(net, critic.clone(outputs=-1))
  elif config.critic_head == 'autoencoder':
    critic = _autoencoder(builder, net, shape)
  return Pair(gen, critic)


def _scaled(config: config_lib.Net) -> config_lib.Net:
  """Multiplies all widths by `scale`."""

  def scaled(widths: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(max(1, round(width * config.scale)) for width in widths)

  return dataclasses.replace(
    config,
    gen_widths=scaled(config.gen_widths),
    critic_widths=scaled(config.critic_widths),
    scale=1.0,
  )


def _autoencoder(
  builder: Builder, config: Net, shape: tuple[int, ...]
) -> autoencoder.Critic:
  """Builds an autoencoder: the critic encodes, a mirrored generator decodes."""
  mirrored = dataclasses.replace(
    config,
    gen_widths=config.critic_widths[::-1],
    gen_norm=config.critic_norm,
    gen_activation=config.critic_activation,
  )
  gen, critic = builder(mirrored, shape)
  return autoencoder.Critic(
    encoder=critic.clone(outputs=config.critic_code_size), decoder=gen
  )


def init(
  nets: Pair[nn.Module], key: Array, latent_width: int, shape: tuple[int, ...]
) -> Pair[Variables]:
  """Initializes the variables of both nets.

  Args:
    nets: from `build`.
    key: a PRNG key; each net gets its own half.
    latent_width: length of a whole latent, `Latents.width`.
    shape: of one example, as for `build`.

  Returns:
    Flax variables: `params`, and `batch_stats` for nets with batch norm,
    spectral norm or a mean style.

  Example:
    >>> config = Net(name='mlp', gen_widths=(8,), critic_widths=(8,))
    >>> nets = catalog.build(config, (2,))
    >>> variables = catalog.init(nets, jax.random.key(0), 8, (2,))
    >>> nets.gen.apply(variables.gen, jnp.zeros((4, 8)), train=False).shape
    (4, 2)
  """
  keys = Pair(*jax.random.split(key))
  z, x = jnp.zeros((2, latent_width)), jnp.zeros((2, *shape))
  # A critic of image pairs also reads the generator's input.
  reads_input = isinstance(nets.critic, unet.Critic)
  inputs = Pair((z,), (x, z) if reads_input else (x,))
  # Under jit XLA removes the forward pass: only its shapes are needed.
  return Pair(
    *(
      jax.jit(functools.partial(net.init, train=False))(key, *args)
      for net, key, args in zip(nets, keys, inputs, strict=True)
    )
  )
