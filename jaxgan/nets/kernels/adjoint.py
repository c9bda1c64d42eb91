"""Linear functions with a hand-written transpose.

JAX transposes slices and stacks to sums of padded arrays, which XLA:CPU turns
into slow loops.
"""

from collections.abc import Callable
from typing import Any

import jax

from jaxgan.types import Array

Linear = Callable[[Array, Any], Array]


def with_transpose(forward: Linear, transpose: Linear) -> Linear:
  """Makes two linear functions each other's derivative, to any order.

  Args:
    forward: (x, static) -> y, linear in x; `static` is hashable.
    transpose: (y, static) -> x, the transpose of `forward` for that `static`.

  Returns:
    `forward` with this derivative.
  """
  first = jax.custom_vjp(forward, nondiff_argnums=(1,))
  second = jax.custom_vjp(transpose, nondiff_argnums=(1,))
  first.defvjp(
    lambda x, static: (first(x, static), None),
    lambda static, _, y: (second(y, static),),
  )
  second.defvjp(
    lambda y, static: (second(y, static), None),
    lambda static, _, x: (first(x, static),),
  )
  return first
