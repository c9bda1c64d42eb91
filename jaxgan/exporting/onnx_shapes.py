"""Translates operations of shapes and places; onnx_ops.py has the others."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from jaxgan.exporting.onnx_graph import (
  Graph,
  Unsupported,
  Value,
  fixed,
  ints,
  shape_of,
)


def reshape(graph: Graph, equation: Any, inputs: Sequence[Value]) -> Value:
  """Another shape with the same values; one axis may hold the batch."""
  shape = equation.outvars[0].aval.shape
  return graph.node('Reshape', inputs[0], ints(_wildcard(shape)))


def broadcast(graph: Graph, equation: Any, inputs: Sequence[Value]) -> Value:
  """New axes, and axes of 1 repeated."""
  shape = equation.outvars[0].aval.shape
  axes = equation.params['broadcast_dimensions']
  before = equation.invars[0].aval.shape
  placed: list[Any] = [1] * len(shape)
  for axis, size in zip(axes, before, strict=True):
    placed[axis] = size
  x = inputs[0]
  if tuple(placed) != tuple(before):
    x = graph.node('Reshape', x, ints(_wildcard(placed)))
  # An axis that x has already keeps its size under 1.
  wanted = [
    1 if one == size else size for one, size in zip(placed, shape, strict=True)
  ]
  if all(fixed(size) and size == 1 for size in wanted):
    return x
  return graph.node('Expand', x, shape_of(graph, wanted))


def transpose(graph: Graph, equation: Any, inputs: Sequence[Value]) -> Value:
  """Axes in another order."""
  order = list(equation.params['permutation'])
  return graph.node('Transpose', inputs[0], perm=order)


def concatenate(graph: Graph, equation: Any, inputs: Sequence[Value]) -> Value:
  """Arrays one after another; empty ones are left out."""
  arrays = [
    value
    for value, variable in zip(inputs, equation.invars, strict=True)
    if not is_empty(variable)
  ]
  axis = equation.params['dimension']
  return graph.node('Concat', *arrays, axis=axis)


def slices(graph: Graph, equation: Any, inputs: Sequence[Value]) -> Value:
  """A part of each axis."""
  starts, ends = (
    equation.params[key] for key in ('start_indices', 'limit_indices')
  )
  whole = equation.invars[0].aval.shape
  strides = equation.params['strides'] or (1,) * len(starts)
  used = []
  for axis, (start, end, step) in enumerate(
    zip(starts, ends, strides, strict=True)
  ):
    if (start, step) == (0, 1) and end == whole[axis]:
      continue
    if not (fixed(start) and fixed(end)):
      raise Unsupported('slice of the batch')
    used.append((start, end, axis, step))
  if not used:
    return inputs[0]
  return graph.node('Slice', inputs[0], *map(ints, zip(*used, strict=True)))


def gather(graph: Graph, equation: Any, inputs: Sequence[Value]) -> Value:
  """A part of each axis, from a known place on; axes of 1 may vanish."""
  x, place = inputs
  numbers, sizes = (
    equation.params[key] for key in ('dimension_numbers', 'slice_sizes')
  )
  if isinstance(place, str) or np.ndim(place) != 1:
    raise Unsupported('gather from computed places')
  whole, used = equation.invars[0].aval.shape, []
  starts = dict(zip(numbers.start_index_map, np.asarray(place), strict=True))
  for axis, size in enumerate(sizes):
    if fixed(size) and size != whole[axis]:
      # Places outside are moved inside, as in JAX.
      start = min(max(int(starts.get(axis, 0)), 0), whole[axis] - size)
      used.append((start, start + size, axis))
  if used:
    x = graph.node('Slice', x, *map(ints, zip(*used, strict=True)))
  return reshape(graph, equation, [x])


def tile(graph: Graph, equation: Any, inputs: Sequence[Value]) -> Value:
  """An array repeated along its axes."""
  return graph.node('Tile', inputs[0], ints(equation.params['reps']))


def split(graph: Graph, equation: Any, inputs: Sequence[Value]) -> Value:
  """Several parts of an axis."""
  sizes, axis = equation.params['sizes'], equation.params['axis']
  return graph.nodes_of(
    'Split', [inputs[0], ints(sizes)], len(sizes), axis=axis
  )


def pad(graph: Graph, equation: Any, inputs: Sequence[Value]) -> Value:
  """Values before and after the axes."""
  pads = equation.params['padding_config']
  if any(inner or before < 0 or after < 0 for before, after, inner in pads):
    raise Unsupported('pad between values, or by less than nothing')
  sizes = ints([p[0] for p in pads] + [p[1] for p in pads])
  return graph.node('Pad', inputs[0], sizes, inputs[1])


def is_empty(variable: Any) -> bool:
  """Whether an array has no values."""
  return any(fixed(size) and size == 0 for size in variable.aval.shape)


def _wildcard(shape: Sequence[Any]) -> list[int]:
  """A shape for `Reshape`, which computes the axis of the batch."""
  sizes = [size if fixed(size) else -1 for size in shape]
  if sizes.count(-1) > 1:
    raise Unsupported('a shape with the batch in two axes')
  return sizes
