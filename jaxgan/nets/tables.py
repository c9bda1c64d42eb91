"""Tables of the modules of both nets: names, output shapes, parameters.

`nn.tabulate` prints inputs, types and every array of every collection, which
takes more than 80 columns. So the module calls are recorded here instead.
"""

import collections
import math
from collections.abc import Callable
from typing import Any, NamedTuple

import flax.linen as nn
import jax

from jaxgan.nets import catalog
from jaxgan.types import Pair, Variables

_BATCH = 2  # The batch size in `catalog.init`.

Path = tuple[str, ...]


class Row(NamedTuple):
  """One module of a net.

  Attributes:
    path: names of the modules from the net to this one; () for the net.
    kind: name of the class.
    output: output shape, with `B` for the batch axis.
    parameters: number of trainable parameters, without those of submodules.
  """

  path: Path
  kind: str
  output: str
  parameters: int = 0


def tabulate(
  nets: Pair[nn.Module], latent_width: int, shape: tuple[int, ...]
) -> str:
  """Formats both nets as tables of at most about 80 columns.

  Args:
    nets: from `catalog.build`.
    latent_width: length of a whole latent, `Latents.width`.
    shape: of one example.

  Returns:
    For each net its modules in call order, their output shapes, their numbers
    of trainable parameters and the total; a last line has the sum of both
    totals. The nets are called with train=False, and only shapes are computed.
  """
  gen, critic = rows(nets, latent_width, shape)
  total = sum(row.parameters for row in gen + critic)
  return (
    f'{_table("generator", gen)}\n\n{_table("critic", critic)}\n\n'
    f'Both nets have {total:,} parameters.\n'
  )


def rows(
  nets: Pair[nn.Module], latent_width: int, shape: tuple[int, ...]
) -> Pair[list[Row]]:
  """The modules of both nets in call order; arguments as for `tabulate`."""
  calls: list[dict[Path, Row]] = []

  def record(
    call: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    context: nn.module.InterceptorContext,
  ) -> Any:
    if context.method_name != '__call__':
      return call(*args, **kwargs)
    path, kind = context.module.path, type(context.module).__name__
    if not path:
      calls.append({})
    net = calls[-1]
    # Before the call, so that a module comes before its submodules.
    net.setdefault(path, Row(path, kind, ''))
    output = call(*args, **kwargs)
    shapes = (_shape_text(x.shape) for x in jax.tree.leaves(output))
    net[path] = net[path]._replace(output=', '.join(shapes))
    return output

  with nn.intercept_methods(record):
    variables = jax.eval_shape(
      lambda: catalog.init(nets, jax.random.key(0), latent_width, shape)
    )
  return Pair(*map(_count_parameters, calls, variables))


def _count_parameters(net: dict[Path, Row], variables: Variables) -> list[Row]:
  """Assigns each parameter to the innermost module that was called."""
  counts: collections.Counter[Path] = collections.Counter()
  for keys, leaf in jax.tree.leaves_with_path(variables['params']):
    path = tuple(key.key for key in keys)
    while path not in net:
      path = path[:-1]
    counts[path] += math.prod(leaf.shape)
  return [row._replace(parameters=counts[row.path]) for row in net.values()]


def _shape_text(shape: tuple[int, ...]) -> str:
  """Formats a shape, with `B` for a batch axis: [B, 8, 8, 1]."""
  batch = ['B'] if shape[:1] == (_BATCH,) else []
  return f'[{", ".join(batch + [str(n) for n in shape[len(batch) :]])}]'


def _table(title: str, net: list[Row]) -> str:
  total = sum(row.parameters for row in net)
  cells = [
    (title, 'output', 'parameters'),
    *(
      (_name(row), row.output, f'{row.parameters:,}' if row.parameters else '')
      for row in net
    ),
    ('total', '', f'{total:,}'),
  ]
  a, b, c = (max(map(len, column)) for column in zip(*cells, strict=True))
  return '\n'.join(
    f'{name:{a}}  {output:{b}}  {count:>{c}}'.rstrip()
    for name, output, count in cells
  )


def _name(row: Row) -> str:
  """Indented name of a module, and its class if the name does not show it."""
  if not row.path:
    return row.kind
  name = row.path[-1]
  suffix = '' if name.rpartition('_')[0] == row.kind else f' ({row.kind})'
  return '  ' * len(row.path) + name + suffix
