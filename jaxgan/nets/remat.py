"""Rematerialization: activations are computed again in the backward pass.

Source: Chen et al., 2016, "Training deep nets with sublinear memory cost".
"""

from collections.abc import Callable
from typing import Any

import flax.linen as nn
import jax

from jaxgan.nets import (
  biggan,
  encoder_decoder,
  r3gan,
  resnet,
  rrdb,
  stylegan,
)

Apply = Callable[..., Any]

# Modules of which only the inputs are kept.
_BLOCKS = (
  resnet.Block,
  resnet.OptimisedBlock,
  biggan.GenBlock,
  biggan.CriticBlock,
  stylegan.Layer,
  stylegan.CriticBlock,
  r3gan.Block,
  encoder_decoder.Block,
  rrdb.Block,
)
_WITHOUT_BLOCKS = ('mlp', 'dcgan', 'unet')
_PRODUCTS = ('dot_general', 'conv_general_dilated')


def rematerialize(name: str, apply: Apply) -> Apply:
  """Makes a network keep few activations for its backward pass.

  The values are those of `apply`. Nets of blocks keep the inputs of the blocks.
  The others keep the results of matrix products and convolutions; norms and
  activations are computed again.

  Args:
    name: a value of `net.name`.
    apply: a function of arrays that applies a module, as `Module.apply` does.

  Returns:
    A function with the arguments and the result of `apply`.
  """
  if name in _WITHOUT_BLOCKS:
    return jax.checkpoint(apply, policy=_is_product)

  def applied(*args: Any) -> Any:
    with nn.intercept_methods(_Interceptor()):
      return apply(*args)

  return applied


class _Interceptor:
  """Replaces the call of each block by a rematerialized one."""

  def __init__(self) -> None:
    self._inside = False

  def __call__(self, call: Apply, args: Any, kwargs: Any, context: Any) -> Any:
    block = context.module
    replaced = isinstance(block, _BLOCKS) and context.method_name == '__call__'
    if self._inside or not replaced:
      return call(*args, **kwargs)

    def again(block: nn.Module, *args: Any) -> Any:
      return type(block).__call__(block, *args, **kwargs)

    # The call inside `again` comes here too.
    self._inside = True
    try:
      return nn.remat(again)(block, *args)
    finally:
      self._inside = False


def _is_product(primitive: Any, *_: Any, **__: Any) -> bool:
  return primitive.name in _PRODUCTS
