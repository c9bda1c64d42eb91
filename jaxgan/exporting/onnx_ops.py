"""Translates JAX's primitive operations into ONNX nodes.

Each function takes the graph, the operation (an equation of a jaxpr) and its
inputs, and returns its output. OPERATIONS names the operations that the nets
use; to add one, write a function and name it there.
"""

import string
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from jaxgan.exporting import onnx_shapes as shapes
from jaxgan.exporting.onnx_graph import Graph, Unsupported, Value, ints

Operation = Callable[[Graph, Any, Sequence[Value]], Value]


def named(kind: str, **attributes: Any) -> Operation:
  """An ONNX operator of the same inputs."""
  return lambda graph, _, inputs: graph.node(kind, *inputs, **attributes)


def same(graph: Graph, equation: Any, inputs: Sequence[Value]) -> Value:
  """The input itself, where an operation changes no number."""
  del graph, equation
  return inputs[0]


def not_equal(graph: Graph, equation: Any, inputs: Sequence[Value]) -> Value:
  """x != y."""
  del equation
  return graph.node('Not', graph.node('Equal', *inputs))


def rsqrt(graph: Graph, equation: Any, inputs: Sequence[Value]) -> Value:
  """1 / sqrt(x)."""
  del equation
  return graph.node('Reciprocal', graph.node('Sqrt', *inputs))


def square(graph: Graph, equation: Any, inputs: Sequence[Value]) -> Value:
  """x x."""
  del equation
  return graph.node('Mul', inputs[0], inputs[0])


def integer_pow(graph: Graph, equation: Any, inputs: Sequence[Value]) -> Value:
  """x^n for a fixed n."""
  exponent = np.float32(equation.params['y'])
  return graph.node('Pow', inputs[0], exponent)


def log1p(graph: Graph, equation: Any, inputs: Sequence[Value]) -> Value:
  """log(1 + x)."""
  del equation
  return graph.node('Log', graph.node('Add', inputs[0], np.float32(1)))


def erfc(graph: Graph, equation: Any, inputs: Sequence[Value]) -> Value:
  """1 - erf(x)."""
  del equation
  return graph.node('Sub', np.float32(1), graph.node('Erf', *inputs))


def select(graph: Graph, equation: Any, inputs: Sequence[Value]) -> Value:
  """The second of two cases where a condition holds, else the first."""
  del equation
  if len(inputs) != 3:
    raise Unsupported('select_n of more than two cases')
  return graph.node('Where', inputs[0], inputs[2], inputs[1])


def clamp(graph: Graph, equation: Any, inputs: Sequence[Value]) -> Value:
  """min(max(x, low), high)."""
  del equation
  low, x, high = inputs
  return graph.node('Min', graph.node('Max', x, low), high)


def convert(graph: Graph, equation: Any, inputs: Sequence[Value]) -> Value:
  """Another type."""
  from onnx import helper

  dtype = np.dtype(equation.params['new_dtype'])
  return graph.node('Cast', *inputs, to=helper.np_dtype_to_tensor_dtype(dtype))


def reduction(kind: str) -> Operation:
  """A reduction over axes, which vanish."""

  def reduce(graph: Graph, equation: Any, inputs: Sequence[Value]) -> Value:
    axes = ints(equation.params['axes'])
    return graph.node(kind, inputs[0], axes, keepdims=0)

  return reduce


def dot(graph: Graph, equation: Any, inputs: Sequence[Value]) -> Value:
  """A product of matrices, or a sum of products over any axes."""
  contract, batch = equation.params['dimension_numbers']
  left, right = (variable.aval.ndim for variable in equation.invars)
  if contract == ((left - 1,), (0,)) and right == 2 and not batch[0]:
    return graph.node('MatMul', *inputs)
  letters = iter(string.ascii_lowercase)
  one, two = [''] * left, [''] * right
  for a, b in (*zip(*batch, strict=True), *zip(*contract, strict=True)):
    one[a] = two[b] = next(letters)
  one = [letter or next(letters) for letter in one]
  two = [letter or next(letters) for letter in two]
  shared = [one[a] for a in batch[0]]
  summed = {one[a] for a in contract[0]} | set(shared)
  free = [letter for letter in one + two if letter not in summed]
  text = f'{"".join(one)},{"".join(two)}->{"".join(shared + free)}'
  return graph.node('Einsum', *inputs, equation=text)


def convolution(graph: Graph, equation: Any, inputs: Sequence[Value]) -> Value:
  """A convolution, or the transpose of one that has a stride."""
  params = equation.params
  x_axes, kernel_axes, out_axes = params['dimension_numbers']
  x, kernel = inputs
  if isinstance(kernel, str):
    raise Unsupported('convolution with a computed kernel')
  kernel = np.transpose(np.asarray(kernel), kernel_axes)
  x = graph.node('Transpose', x, perm=list(x_axes))
  pads, dilation = params['padding'], params['lhs_dilation']
  if params['batch_group_count'] != 1 or {*params['rhs_dilation']} != {1}:
    raise Unsupported('convolution with holes or groups of the batch')
  groups = params['feature_group_count']
  options = {'group': groups}
  kind = 'Conv'
  if {*dilation} != {1}:
    if {*params['window_strides']} != {1} or groups != 1:
      raise Unsupported('convolution with two strides')
    kind = 'ConvTranspose'
    axes = tuple(range(2, kernel.ndim))
    kernel = np.flip(kernel, axes).swapaxes(0, 1)
    pads = [
      (k - 1 - before, k - 1 - after)
      for k, (before, after) in zip(kernel.shape[2:], pads, strict=True)
    ]
  if any(min(pair) < 0 for pair in pads):
    raise Unsupported('convolution of a part of its input')
  strides = params['window_strides'] if kind == 'Conv' else dilation
  y = graph.node(
    kind,
    x,
    kernel,
    strides=list(strides),
    pads=[p[0] for p in pads] + [p[1] for p in pads],
    **options,
  )
  return graph.node('Transpose', y, perm=np.argsort(out_axes).tolist())


def batch_size(graph: Graph, equation: Any, inputs: Sequence[Value]) -> Value:
  """The batch size as a number."""
  del inputs
  from onnx import helper

  dtype = np.dtype(equation.outvars[0].aval.dtype)
  size = graph.node('Squeeze', graph.batch(equation.params['dim']), ints([0]))
  return graph.node('Cast', size, to=helper.np_dtype_to_tensor_dtype(dtype))


OPERATIONS: Mapping[str, Operation] = {
  # Of each value.
  'add': named('Add'), 'add_any': named('Add'), 'sub': named('Sub'),
  'mul': named('Mul'), 'div': named('Div'), 'max': named('Max'),
  'min': named('Min'), 'pow': named('Pow'), 'neg': named('Neg'),
  'abs': named('Abs'), 'sign': named('Sign'), 'floor': named('Floor'),
  'exp': named('Exp'), 'log': named('Log'), 'log1p': log1p,
  'tanh': named('Tanh'), 'logistic': named('Sigmoid'), 'erf': named('Erf'),
  'erfc': erfc, 'sqrt': named('Sqrt'), 'rsqrt': rsqrt, 'square': square,
  'integer_pow': integer_pow, 'clamp': clamp, 'select_n': select,
  'eq': named('Equal'), 'ne': not_equal, 'lt': named('Less'),
  'le': named('LessOrEqual'), 'gt': named('Greater'),
  'ge': named('GreaterOrEqual'), 'and': named('And'), 'or': named('Or'),
  'not': named('Not'), 'convert_element_type': convert, 'copy': same,
  'stop_gradient': same, 'optimization_barrier': same,
  # Of shapes.
  'reshape': shapes.reshape, 'squeeze': shapes.reshape,
  'expand_dims': shapes.reshape, 'broadcast_in_dim': shapes.broadcast,
  'transpose': shapes.transpose, 'concatenate': shapes.concatenate,
  'slice': shapes.slices, 'gather': shapes.gather, 'split': shapes.split,
  'pad': shapes.pad, 'tile': shapes.tile, 'dim_as_value': batch_size,
  # Of several values.
  'reduce_sum': reduction('ReduceSum'), 'reduce_max': reduction('ReduceMax'),
  'reduce_min': reduction('ReduceMin'), 'dot_general': dot,
  'conv_general_dilated': convolution,
}  # fmt: skip
