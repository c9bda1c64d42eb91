"""A graph of ONNX nodes that grows while a function is translated."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from jax.export import is_symbolic_dim

OPSET = 18  # Of 2022; the first in which all reductions take axes alike.

# Known while translating (an array), or computed by the graph (its name there).
Value = Any


class Unsupported(ValueError):
  """An operation, or a case of it, has no translation."""


class Graph:
  """Nodes and constants, and the batch size as a number of the graph."""

  def __init__(self, first_input: str, size: Any) -> None:
    """Begins a graph, whose batch size is the first axis of an input.

    Args:
      first_input: its name.
      size: the symbolic batch size.
    """
    from onnx import helper, numpy_helper  # Of the extra `onnx`.

    self.nodes: list[Any] = []
    self.constants: list[Any] = []
    self._helper, self._numpy = helper, numpy_helper
    self._first, self._size = first_input, size
    self._known: dict[tuple[str, tuple[int, ...], bytes], str] = {}
    self._batch = ''
    self._count = 0

  def node(self, kind: str, *inputs: Value, **attributes: Any) -> str:
    """Adds a node of an ONNX operator; returns the name of its output."""
    return self.nodes_of(kind, inputs, 1, **attributes)[0]

  def nodes_of(
    self, kind: str, inputs: Sequence[Value], outputs: int, **attributes: Any
  ) -> list[str]:
    """Adds a node with several outputs; returns their names."""
    names = [self._new(kind.lower()) for _ in range(outputs)]
    inputs = [self.name(value) for value in inputs]
    self.nodes.append(self._helper.make_node(kind, inputs, names, **attributes))
    return names

  def name(self, value: Value) -> str:
    """The name of a value; a known one becomes a constant of the graph."""
    if isinstance(value, str):
      return value
    array = np.asarray(value)
    key = array.dtype.str, array.shape, array.tobytes()
    if key not in self._known:
      self._known[key] = self._new('constant')
      tensor = self._numpy.from_array(array, self._known[key])
      self.constants.append(tensor)
    return self._known[key]

  def batch(self, size: Any) -> str:
    """The batch size, a part or a multiple of it, as a tensor [1] of int64.

    Raises:
      Unsupported: `size` is another function of the batch size.
    """
    if not self._batch:
      shape = self.node('Shape', self._first)
      self._batch = self.node('Gather', shape, ints([0]), axis=0)
    if size == self._size:
      return self._batch
    for kind, one, other in (
      ('Mul', size, self._size),
      ('Div', self._size, size),
    ):
      factor = one // other
      if fixed(factor) and factor * other == one:
        return self.node(kind, self._batch, ints([factor]))
    raise Unsupported(f'an axis of size {size}')

  def _new(self, stem: str) -> str:
    self._count += 1
    return f'{stem}_{self._count}'


def ints(values: Sequence[int]) -> np.ndarray:
  """Sizes and axes, as ONNX wants them."""
  return np.array(values, np.int64)


def fixed(size: Any) -> bool:
  """Whether a size of a shape is a number, and not that of the batch."""
  return not is_symbolic_dim(size)


def shape_of(graph: Graph, shape: Sequence[Any]) -> Value:
  """A shape as a tensor; the batch size is that of the graph's input."""
  if all(map(fixed, shape)):
    return ints(shape)
  parts = [ints([n]) if fixed(n) else graph.batch(n) for n in shape]
  return graph.node('Concat', *parts, axis=0)
