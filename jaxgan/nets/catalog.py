"""The nets by name.

Every generator is called as `gen.apply(variables, z, train=...)` and finds its
label in z; every critic as `critic.apply(variables, x, label, train=...)`, of
which only conditional ones read it. Averages of batch norm live in
`batch_stats`. What is random in training beside dropout is named `noise`.
"""

import dataclasses
import functools
import math
from collections.abc import Callable, Mapping
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp

from jaxgan.config import Net, pick
from jaxgan.nets import (
  autoencoder,
  biggan,
  conditional,
  dcgan,
  layers,
  mlp,
  multiscale,
  resnet,
  stylegan,
)
from jaxgan.nets.kernels import xla
from jaxgan.types import Array, Pair, Variables

NETS: Mapping[str, Callable[[Net, Any], Pair[nn.Module]]] = {
  'mlp': mlp.build,
  'dcgan': dcgan.build,
  'resnet': resnet.build,
  'biggan': biggan.build,
  'stylegan': stylegan.build,
  'multiscale': multiscale.build,
}

# What only some nets can do.
_ATTENTIVE = ('dcgan', 'resnet', 'biggan')
_MIRRORED = ('mlp', 'dcgan', 'resnet')


def build(config: Net, shape: tuple[int, ...]) -> Pair[nn.Module]:
  """The generator and critic that a configuration names.

  Args:
    config: the `net` part of the configuration.
    shape: of one example: (H, W, C), or (D,) for vectors.

  Returns:
    Modules: latents [B, Z] -> [B, *shape] float32 (images in [-1, 1], vectors
    unbounded), and [B, *shape] -> scores [B] float32.

  Raises:
    ValueError: unknown name, or a shape that the net cannot make.
  """
  make = pick('net.name', config.name, NETS)
  if len(shape) == 1 and config.name != 'mlp':
    raise ValueError(
      f'net.name is {config.name!r} and the data are vectors of {shape[0]} '
      'values; vectors need mlp.'
    )
  config = dataclasses.replace(config, conv=xla.resolve(config.conv))
  pair = make(config, shape)
  if conditional.wanted(config):
    trunk = pair.critic.clone(outputs=-1)
    return Pair(pair.gen, conditional.Critic(config, trunk))
  if config.critic_head == 'autoencoder':
    return Pair(pair.gen, _autoencoder(make, config, shape))
  return pair


def _autoencoder(
  make: Callable[[Net, Any], Pair[nn.Module]],
  config: Net,
  shape: tuple[int, ...],
) -> autoencoder.Critic:
  """The critic as the encoder, and a generator in its mirror image."""
  mirrored = dataclasses.replace(
    config,
    gen_widths=config.critic_widths[::-1],
    gen_norm=config.critic_norm,
    gen_activation=config.critic_activation,
  )
  gen, critic = make(mirrored, shape)
  return autoencoder.Critic(
    encoder=critic.clone(outputs=config.critic_code_size), decoder=gen
  )


def check(config: Net) -> None:
  """Looks up every name of a configuration, before any data are at hand.

  Raises:
    ValueError: a name that nothing answers to.
  """
  pick('net.name', config.name, NETS)
  _check_labels(config)
  _check_abilities(config)
  pick('net.init', config.init, {'default': None, **layers.INITS})
  for key in ('gen_activation', 'critic_activation'):
    table = {'default': None, **layers.ACTIVATIONS}
    pick(f'net.{key}', getattr(config, key), table)


def _check_abilities(config: Net) -> None:
  if config.attention and config.name not in _ATTENTIVE:
    raise ValueError(
      f'net.attention is {config.attention} and net.name is {config.name}; '
      f'only {", ".join(_ATTENTIVE)} have it, so it must be 0.'
    )
  if config.critic_head == 'autoencoder' and config.name not in _MIRRORED:
    raise ValueError(
      f'net.critic_head is autoencoder and net.name is {config.name}, which '
      f'has no mirror image; it must be one of {", ".join(_MIRRORED)}.'
    )


def _check_labels(config: Net) -> None:
  if conditional.wanted(config) and config.critic_head == 'autoencoder':
    raise ValueError(
      f'net.critic_head is autoencoder and net.classes is {config.classes}, '
      f'net.code_classes {config.code_classes}, net.code_size '
      f'{config.code_size}; an autoencoder takes no labels and guesses no '
      'codes, so all three must be 0.'
    )
  if not config.classes:
    return
  if config.gen_label == 'norm' and config.gen_norm not in layers.BATCH:
    raise ValueError(
      f'net.gen_label is norm and net.gen_norm is {config.gen_norm}; classes '
      'have scales and shifts of batch norm alone, so it must be '
      f'{" or ".join(layers.BATCH)}.'
    )
  if config.name == 'multiscale' and config.critic_label == 'concat':
    raise ValueError(
      'net.critic_label is concat and net.name is multiscale, whose images '
      'have no channel for a label; it must be projection or auxiliary.'
    )


def init(
  nets: Pair[nn.Module], key: Array, latent_width: int, shape: tuple[int, ...]
) -> Pair[Variables]:
  """Fresh variables of both nets, each from a key of its own.

  Args:
    nets: as `build` returns them.
    key: a PRNG key.
    latent_width: of a whole latent, `Latents.width`.
    shape: of one example, as for `build`.

  Returns:
    flax variables: `params`, and `batch_stats` where there is batch norm.
  """
  keys = Pair(*jax.random.split(key))
  inputs = Pair(jnp.zeros((2, latent_width)), jnp.zeros((2, *shape)))
  # Under jit XLA drops the forward pass, of which only shapes are needed.
  return Pair(
    *(
      jax.jit(functools.partial(net.init, train=False))(key, x)
      for net, key, x in zip(nets, keys, inputs, strict=True)
    )
  )


def count(variables: Variables) -> int:
  """The number of trainable parameters."""
  return sum(math.prod(x.shape) for x in jax.tree.leaves(variables['params']))
