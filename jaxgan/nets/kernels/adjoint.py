"""Linear functions that tell JAX their transposes.

What JAX makes of slices and stacks, run backwards, is a sum of padded arrays,
which XLA:CPU turns into slow loops.
"""

from collections.abc import Callable
from typing import Any

import jax

from jaxgan.types import Array

Linear = Callable[[Array, Any], Array]


def adjoints(one: Linear, other: Linear) -> tuple[Linear, Linear]:
  """The same functions, each the derivative of the other, to any order.

  Args:
    one: (x, how) -> y, linear in x; `how` is hashable.
    other: (y, how) -> x, its transpose for every `how`.
  """
  first = jax.custom_vjp(one, nondiff_argnums=(1,))
  second = jax.custom_vjp(other, nondiff_argnums=(1,))
  first.defvjp(
    lambda x, how: (first(x, how), None),
    lambda how, _, y: (second(y, how),),
  )
  second.defvjp(
    lambda y, how: (second(y, how), None),
    lambda how, _, x: (first(x, how),),
  )
  return first, second
