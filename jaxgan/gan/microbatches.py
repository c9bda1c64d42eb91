"""Gradients of a batch that is split into parts, one after another.

Only one part's activations are in memory. The gradient of a mean over the batch
is the mean of the gradients of its parts, which are of equal size.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax.sharding import NamedSharding, PartitionSpec

from jaxgan.config import Config
from jaxgan.types import Array

# (params, examples of a part [b, ...], number of the part) -> (value, (outputs
# per example [b, ...], other outputs)).
Loss = Callable[[Any, Any, Array], tuple[Array, tuple[Any, Any]]]


class Microbatches(NamedTuple):
  """How a batch is split: part j of n has the examples j, j + n, j + 2n, ...

  So each device splits its own share of the batch, and nothing moves.

  Attributes:
    num: n, number of parts, at least 2.
    examples: sharding of [B, ...]; None leaves it to the compiler.
  """

  num: int
  examples: NamedSharding | None = None

  def value_and_grad(self, loss: Loss, params: Any, examples: Any) -> Any:
    """The value, outputs and gradient of a loss that is a mean over a batch.

    Args:
      loss: differentiated with respect to its first argument.
      params: its first argument.
      examples: a tree of arrays [B, ...], its second.

    Returns:
      ((value, (outputs per example [B, ...], means of the other outputs)),
      gradient).
    """
    differentiate = jax.value_and_grad(loss, has_aux=True)

    def accumulate(total: Any, inputs: tuple[Any, Array]) -> tuple[Any, Any]:
      (value, (each, others)), grads = differentiate(params, *inputs)
      return jax.tree.map(jnp.add, total, (value, others, grads)), each

    inputs = self._split(examples), jnp.arange(self.num)
    first = jax.tree.map(lambda x: x[0], inputs)
    shapes = jax.eval_shape(differentiate, params, *first)
    (value, (_, others)), grads = jax.tree.map(
      lambda x: jnp.zeros(x.shape, x.dtype), shapes
    )
    total, each = jax.lax.scan(accumulate, (value, others, grads), inputs)
    value, others, grads = jax.tree.map(lambda x: x / self.num, total)
    return (value, (self._merge(each), others)), grads

  def map(self, function: Callable[[Array], Array], examples: Array) -> Array:
    """Applies a function of examples [b, ...] to [B, ...], part by part."""
    return self._merge(jax.lax.map(function, self._split(examples)))

  def in_place(
    self, function: Callable[[Array], Array], number: Array
  ) -> Callable[[Array], Array]:
    """Makes a function of a whole batch [B, ...] one of a part [b, ...].

    So its random numbers are those of the whole batch.

    Args:
      function: its output i depends on input i and on random numbers.
      number: of the part.
    """

    def of_part(x: Array) -> Array:
      whole = jnp.zeros((self.num, *x.shape), x.dtype).at[number].set(x)
      found: Array = self._split(function(self._merge(whole)))[number]
      return found

    return of_part

  def _split(self, examples: Any) -> Any:
    """[B, ...] -> [n, B / n, ...]."""

    def split(x: Array) -> Array:
      x = x.reshape(-1, self.num, *x.shape[1:]).swapaxes(0, 1)
      return self._constrain(x, (None,))

    return jax.tree.map(split, examples)

  def _merge(self, parts: Any) -> Any:
    """[n, B / n, ...] -> [B, ...]."""

    def merge(x: Array) -> Array:
      return self._constrain(x.swapaxes(0, 1).reshape(-1, *x.shape[2:]), ())

    return jax.tree.map(merge, parts)

  def _constrain(self, x: Array, before: tuple[None, ...]) -> Array:
    if self.examples is None:
      return x
    spec = PartitionSpec(*before, *self.examples.spec)
    layout = NamedSharding(self.examples.mesh, spec)
    return jax.lax.with_sharding_constraint(x, layout)


def of(config: Config, examples: NamedSharding | None) -> Microbatches | None:
  """The microbatches of a configuration; None for whole batches."""
  num = config.train.microbatches
  return Microbatches(num, examples) if num > 1 else None
