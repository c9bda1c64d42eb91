"""Translates a function of JAX into an ONNX model.

The function is traced to primitive operations. What does not depend on its
inputs, such as the weights of spectral norm or fixed noise, is computed here.
The rest is translated, operation by operation.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax
import numpy as np

from jaxgan.exporting import extras
from jaxgan.exporting.onnx_graph import OPSET, Graph, Unsupported, Value, fixed
from jaxgan.exporting.onnx_ops import OPERATIONS
from jaxgan.exporting.onnx_shapes import is_empty
from jaxgan.types import Array

# Operations that call a function of their own, by its parameter.
_CALLED = ('jaxpr', 'call_jaxpr', 'fun_jaxpr')
_CALLS = (
  'jit', 'pjit', 'closed_call', 'core_call', 'custom_jvp_call',
  'custom_vjp_call', 'custom_vjp_call_jaxpr', 'remat', 'remat2', 'checkpoint',
)  # fmt: skip


def translate(
  function: Callable[..., Array],
  inputs: Mapping[str, jax.ShapeDtypeStruct],
  output: str,
  metadata: Mapping[str, str],
) -> bytes:
  """Translates a function into a serialized ONNX model.

  Args:
    function: of arrays with a common first axis, the batch; returns one array.
    inputs: name -> shape and type; the first axis is symbolic.
    output: name of the result.
    metadata: texts that the model carries.

  Raises:
    ValueError: an operation has no translation, which the message names; or
      the package onnx is missing.
  """
  with extras.needs('onnx', 'onnx'):
    import onnx
    from onnx import helper

  closed = jax.make_jaxpr(function)(*inputs.values())
  first = next(iter(inputs))
  graph = Graph(first, inputs[first].shape[0])
  try:
    (result,) = _walk(graph, closed.jaxpr, closed.consts, list(inputs))
  except Unsupported as error:
    raise ValueError(
      f'This net has an operation without ONNX translation ({error}); export '
      'it by --format=stablehlo.'
    ) from error
  graph.nodes.append(
    helper.make_node('Identity', [graph.name(result)], [output])
  )
  (shape,) = closed.out_avals
  model = helper.make_model(
    helper.make_graph(
      graph.nodes,
      'jaxgan',
      [_tensor(name, shape) for name, shape in inputs.items()],
      [_tensor(output, shape)],
      graph.constants,
    ),
    opset_imports=[helper.make_opsetid('', OPSET)],
    ir_version=8,  # Of the same year as the operators.
    producer_name='jaxgan',
  )
  helper.set_model_props(model, dict(metadata))
  onnx.checker.check_model(model)
  return model.SerializeToString()


def _tensor(name: str, struct: Any) -> Any:
  from onnx import helper

  shape = [size if fixed(size) else 'batch' for size in struct.shape]
  kind = helper.np_dtype_to_tensor_dtype(np.dtype(struct.dtype))
  return helper.make_tensor_value_info(name, kind, shape)


def _walk(
  graph: Graph, jaxpr: Any, constants: Sequence[Any], inputs: Sequence[Value]
) -> list[Value]:
  """Translates the equations of a jaxpr; returns its outputs."""
  values: dict[Any, Value] = {}
  values.update(zip(jaxpr.constvars, constants, strict=True))
  values.update(zip(jaxpr.invars, inputs, strict=True))

  def read(variable: Any) -> Value:
    if hasattr(variable, 'val'):  # A literal.
      return np.asarray(variable.val, variable.aval.dtype)
    return values.get(variable)  # None for an empty array.

  for equation in _needed(jaxpr):
    outputs = _translate(graph, equation, [read(v) for v in equation.invars])
    values.update(zip(equation.outvars, outputs, strict=True))
  return [read(variable) for variable in jaxpr.outvars]


def _translate(
  graph: Graph, equation: Any, inputs: Sequence[Value]
) -> Sequence[Value]:
  name, params = equation.primitive.name, equation.params
  if name in _CALLS:
    called = next(params[key] for key in _CALLED if key in params)
    constants = getattr(called, 'consts', ())
    return _walk(graph, getattr(called, 'jaxpr', called), constants, inputs)
  several = equation.primitive.multiple_results
  shapes = [v.aval.shape for v in (*equation.outvars, *equation.invars)]
  if (
    all(map(fixed, (size for shape in shapes for size in shape)))
    and not any(isinstance(value, str) for value in inputs)
    and name != 'dim_as_value'
  ):
    outputs = equation.primitive.bind(*inputs, **params)
    return outputs if several else [outputs]
  if name not in OPERATIONS:
    raise Unsupported(name)
  outputs = OPERATIONS[name](graph, equation, inputs)
  return outputs if several else [outputs]


def _needed(jaxpr: Any) -> list[Any]:
  """The equations on which the outputs depend; not those of empty arrays."""
  needed = {v for v in jaxpr.outvars if not hasattr(v, 'val')}
  equations = []
  for equation in reversed(jaxpr.eqns):
    if any(v in needed and not is_empty(v) for v in equation.outvars):
      equations.append(equation)
      needed |= {v for v in equation.invars if not hasattr(v, 'val')}
  return equations[::-1]
