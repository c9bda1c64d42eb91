"""Arithmetic inside the loops of a program, which XLA's count leaves out.

XLA counts the body of a loop once, however often it runs. A step with five
critic updates is one loop over five equal bodies.
"""

import math
from collections.abc import Iterator
from typing import Any


def factor(jaxpr: Any) -> float:
  """Ratio of the arithmetic of a program to that which XLA counts.

  Args:
    jaxpr: of the program.

  Returns:
    Operations of matrix products and convolutions, each body of a `scan`
    counted as often as it runs, over those with each body counted once. At
    least 1; loops whose length is data count once in both.
  """
  once = _products(jaxpr, repeat=False)
  return _products(jaxpr, repeat=True) / once if once else 1.0


def _products(jaxpr: Any, *, repeat: bool) -> float:
  return sum(_of_equation(eqn, repeat=repeat) for eqn in jaxpr.eqns)


def _of_equation(eqn: Any, *, repeat: bool) -> float:
  name = eqn.primitive.name
  if name == 'dot_general':
    (contracted, _), _ = eqn.params['dimension_numbers']
    shape = eqn.invars[0].aval.shape
    return (
      2 * eqn.outvars[0].aval.size * math.prod(shape[i] for i in contracted)
    )
  if name == 'conv_general_dilated':
    kernel = eqn.invars[1].aval
    outputs = kernel.shape[eqn.params['dimension_numbers'].rhs_spec[0]]
    return 2 * eqn.outvars[0].aval.size * kernel.size / outputs
  inner = [_products(j, repeat=repeat) for j in _inner(eqn.params)]
  if name == 'cond':
    return max(inner)
  times = eqn.params['length'] if name == 'scan' and repeat else 1
  return times * sum(inner)


def _inner(params: dict[str, Any]) -> Iterator[Any]:
  """The programs inside an operation."""
  for value in params.values():
    for each in value if isinstance(value, tuple | list) else (value,):
      closed = getattr(each, 'jaxpr', each)
      if hasattr(closed, 'eqns'):
        yield closed
