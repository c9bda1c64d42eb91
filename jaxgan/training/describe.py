"""The nets of a configuration as tables: modules, shapes, parameters."""

import collections
import math
from collections.abc import Callable
from typing import Any, NamedTuple

import flax.linen as nn
import jax

from jaxgan.config import Config
from jaxgan.data import sources
from jaxgan.gan import regularizers
from jaxgan.gan import step as step_lib
from jaxgan.nets import catalog, latents
from jaxgan.training import train
from jaxgan.types import Pair, Variables

_BATCH = 2  # As `catalog.init` runs the nets.

_TITLES = Pair('generator', 'critic')

Path = tuple[str, ...]


class Module(NamedTuple):
  """One module of a net.

  Attributes:
    path: names from the net to it; empty for the net itself.
    kind: the name of its class.
    output: the shape of its output, the first axis of a batch as `B`.
    parameters: trainable parameters of its own, without those of modules in it.
  """

  path: Path
  kind: str
  output: str
  parameters: int = 0


def describe(config: Config) -> str:
  """What would be trained, as text of at most some 80 columns.

  Nothing is computed but shapes, and data are prepared only where nothing else
  tells the shape of an example.

  Args:
    config: as `config.from_config_dict` returns it.

  Returns:
    For the generator and the critic, called without training, a table of their
    modules in the order in which they are called, their output shapes and
    their numbers of trainable parameters; ends with a newline.

  Raises:
    ValueError: the configuration or the data are what no run would take.
    FileNotFoundError: `data.path` or a file in it is missing.
  """
  step_lib.check_names(config)
  shape, num_classes = sources.announced(config.data)
  train.check_classes(config, num_classes)
  regularizers.check_shape(config.regularisers, shape)
  nets = catalog.build(config.net, shape)
  width = latents.of(config.net).width
  modules = of_nets(nets, width, shape)
  latent, example = (_shape((_BATCH, *each)) for each in ((width,), shape))
  total = sum(map(_total, modules))
  return '\n\n'.join(
    [
      f'{config.data.name}: latents {latent}, examples {example}; B is the '
      'size of a batch.',
      *(_table(*each) for each in zip(_TITLES, modules, strict=True)),
      f'Both nets have {total:,} parameters.\n',
    ]
  )


def of_nets(
  nets: Pair[nn.Module], latent_width: int, shape: tuple[int, ...]
) -> Pair[list[Module]]:
  """The modules of both nets, in the order in which they are called.

  Args:
    nets: as `catalog.build` returns them.
    latent_width: of a whole latent, `Latents.width`.
    shape: of one example.
  """
  called: list[dict[Path, Module]] = []

  def note(
    call: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    context: nn.module.InterceptorContext,
  ) -> Any:
    if context.method_name != '__call__':
      return call(*args, **kwargs)
    path, kind = context.module.path, type(context.module).__name__
    if not path:
      called.append({})
    found = called[-1]
    # Before the call, so that a module stands above those inside it.
    found.setdefault(path, Module(path, kind, ''))
    output = call(*args, **kwargs)
    shapes = (_shape(x.shape) for x in jax.tree.leaves(output))
    found[path] = found[path]._replace(output=', '.join(shapes))
    return output

  with nn.intercept_methods(note):
    variables = jax.eval_shape(
      lambda: catalog.init(nets, jax.random.key(0), latent_width, shape)
    )
  return Pair(
    *(_counted(*each) for each in zip(called, variables, strict=True))
  )


def _counted(called: dict[Path, Module], variables: Variables) -> list[Module]:
  """Each module with the parameters that no module inside it has."""
  counts: collections.Counter[Path] = collections.Counter()
  for keys, leaf in jax.tree.leaves_with_path(variables['params']):
    path = tuple(key.key for key in keys)
    while path not in called:
      path = path[:-1]
    counts[path] += math.prod(leaf.shape)
  return [row._replace(parameters=counts[path]) for path, row in called.items()]


def _table(title: str, modules: list[Module]) -> str:
  rows = [
    (title, 'output', 'parameters'),
    *(
      (_name(m), m.output, f'{m.parameters:,}' if m.parameters else '')
      for m in modules
    ),
    ('total', '', f'{_total(modules):,}'),
  ]
  name, output, count = (
    max(map(len, column)) for column in zip(*rows, strict=True)
  )
  return '\n'.join(
    f'{row[0]:{name}}  {row[1]:{output}}  {row[2]:>{count}}'.rstrip()
    for row in rows
  )


def _total(modules: list[Module]) -> int:
  return sum(module.parameters for module in modules)


def _name(module: Module) -> str:
  """Indented by depth; with the class where the name does not say it."""
  if not module.path:
    return module.kind
  name = module.path[-1]
  known = name.rpartition('_')[0] == module.kind
  indent = '  ' * len(module.path)
  return indent + (name if known else f'{name} ({module.kind})')


def _shape(sizes: tuple[int, ...]) -> str:
  axes = [str(n) for n in sizes]
  if sizes[:1] == (_BATCH,):
    axes[0] = 'B'
  return f'[{", ".join(axes)}]'
