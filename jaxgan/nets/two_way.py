"""Two generators and two critics as one, for unpaired translation.

Source: CycleGAN (Zhu et al., 2017). The examples of a batch alternate between
the two domains: even indices are of the domain of the inputs, odd ones of the
domain of the targets. So each net sees one domain, and a batch is one array as
for every other net.
"""

from collections.abc import Mapping

import flax.linen as nn
import jax.numpy as jnp

from jaxgan.types import Array, Pair, Params


class Generator(nn.Module):
  """A generator of each domain, from images of the other one.

  Attributes:
    backward: makes images of the inputs' domain.
    forward: makes images of the targets' domain.
    reverse: whether inference applies `backward`, instead of `forward`.
  """

  backward: nn.Module
  forward: nn.Module
  reverse: bool = False

  def __call__(self, z: Array, *, train: bool) -> Array:
    """Images [B, H W C] of the other domain -> images [B, H, W, C].

    In training B is even and the domains alternate. Otherwise all images are
    of the inputs' domain, or of the targets' with `reverse`.
    """
    if not train and not self.is_initializing():
      net = self.backward if self.reverse else self.forward
      return net(z, train=False)
    even = self.backward(z[0::2], train=train)
    odd = self.forward(z[1::2], train=train)
    return alternate(even, odd)


class Critic(nn.Module):
  """A critic of each domain; no critic reads the input.

  Attributes:
    inputs: scores images of the inputs' domain.
    targets: scores images of the targets' domain.
  """

  inputs: nn.Module
  targets: nn.Module

  def __call__(
    self, x: Array, label: Array | None = None, *, train: bool
  ) -> Array:
    """Images [B, H, W, C] of alternating domains -> scores [B, P]."""
    del label
    even = self.inputs(x[0::2], train=train)
    odd = self.targets(x[1::2], train=train)
    return alternate(even, odd)


def alternate(even: Array, odd: Array) -> Array:
  """Puts two arrays [B / 2, ...] in turn: [B, ...]."""
  both = jnp.stack([even, odd], axis=1)
  return both.reshape(-1, *even.shape[1:])


def last_layers(params: Params) -> Params:
  """The last kernel of a generator of images from images, or of both.

  It is that of the convolution with the highest number.

  Returns:
    The parameters of a generator without all others.
  """
  if 'forward' in params:
    return {name: last_layers(net) for name, net in params.items()}
  numbers = [int(n[5:]) for n in params if n.startswith('Conv_')]
  name = f'Conv_{max(numbers)}'
  return {name: {'kernel': params[name]['kernel']}}


def merged(params: Params, some: Params) -> Params:
  """Replaces some of the parameters of a net."""
  if not isinstance(params, Mapping):
    return some
  return {
    name: merged(value, some[name]) if name in some else value
    for name, value in params.items()
  }


def wrap(nets: Pair[nn.Module]) -> Pair[nn.Module]:
  """Doubles the generator and the critic of a translation."""
  gen, critic = nets
  return Pair(
    Generator(gen.clone(), gen.clone()), Critic(critic.clone(), critic.clone())
  )
