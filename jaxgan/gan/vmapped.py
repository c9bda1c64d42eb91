"""Many runs in one program: replicas that differ in a seed or a scalar.

The training step is mapped over a leading axis R of states, batches and swept
values, so that one compilation and one dispatch serve all runs. Replica r
equals the run of its own configuration, up to rounding: the same initial
weights, order of data, latents and points. Replicas do not communicate; several
devices hold R / devices of them each.
"""

import dataclasses
import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from jaxgan.config import (
  Config,
  flatten,
  from_config_dict,
  pick,
  replace,
  to_dict,
)
from jaxgan.gan import hyper as hyper_lib
from jaxgan.gan import state as state_lib
from jaxgan.gan.hyper import Hyper
from jaxgan.gan.problem import Problem
from jaxgan.gan.state import GANState
from jaxgan.gan.step import Step, TrainStep
from jaxgan.types import Batch, Metrics

Values = dict[str, Any]  # Config key -> [R], or a scalar for one replica.

# The keys that may differ, with their types.
SWEPT: Mapping[str, type] = {
  'seed': np.uint32,
  **dict.fromkeys(hyper_lib.KEYS, np.float32),
}

_MAPS: Mapping[str, Callable[..., Any]] = {
  'vmap': lambda one: lambda *args: jax.vmap(one)(*args),
  'map': lambda one: lambda *args: jax.lax.map(lambda xs: one(*xs), args),
}


@dataclasses.dataclass(frozen=True, eq=False)
class Replicas:
  """R runs of one configuration.

  Attributes:
    config: what they share.
    values: key of `SWEPT` -> R values; other keys are shared.

  Raises:
    ValueError: a key that cannot differ between replicas, lists of unequal
      length, or a value out of the key's range.
  """

  config: Config
  values: Mapping[str, Sequence[float]]

  def __post_init__(self) -> None:
    for key in self.values:
      pick('A key of replicas', key, SWEPT)
    lengths = {key: len(value) for key, value in self.values.items()}
    if len(set(lengths.values())) != 1 or not self.num:
      raise ValueError(
        f'Replicas have {lengths} values; each key must have as many, at '
        'least one.'
      )
    for index in range(self.num):
      self.config_of(index)

  @property
  def num(self) -> int:
    """R."""
    return len(next(iter(self.values.values()), ()))

  def config_of(self, index: int) -> Config:
    """The configuration of one replica as a run of its own."""
    changes = {key: value[index] for key, value in self.values.items()}
    return from_config_dict(replace(to_dict(self.config), changes))

  def arrays(self) -> Values:
    """The swept values as host arrays [R]."""
    return {k: np.asarray(v, SWEPT[k]) for k, v in self.values.items()}

  def __str__(self) -> str:
    shared = flatten(to_dict(self.config))
    differ = ', '.join(
      f'{k} {shared[k]} -> {v}' for k, v in self.values.items()
    )
    return f'{self.num} replicas: {differ}'


def create(replicas: Replicas, problem: Problem, mesh: Mesh) -> GANState:
  """The states [R, ...] before the first iteration.

  Args:
    replicas: the runs.
    problem: of `replicas.config`.
    mesh: from `sharding.make_mesh`.

  Raises:
    ValueError: R is not a multiple of the number of devices.
  """
  layout = _layout(replicas, mesh)
  return _creator(_shared(replicas, problem), layout)(replicas.arrays())


def make_train_step(
  replicas: Replicas, problem: Problem, mesh: Mesh, mapping: str = 'auto'
) -> TrainStep:
  """Jits the iteration of all replicas; the states are donated.

  Args:
    replicas: the runs.
    problem: of `replicas.config`.
    mesh: from `sharding.make_mesh`.
    mapping: `vmap` runs them side by side, `map` one after another inside the
      program, on each device; `auto` takes the faster for these networks and
      devices (docs/performance.md).

  Returns:
    A function (states [R, ...], batches [R, K, B, ...]) -> (states, metrics
    [R]).

  Raises:
    ValueError: R is not a multiple of the number of devices.
  """
  layout = _layout(replicas, mesh)
  arrays = jax.device_put(replicas.arrays(), layout)
  step = _stepper(
    _shared(replicas, problem),
    layout,
    _resolve(mapping, problem.platform, _has_convolutions(problem)),
  )
  return functools.partial(step, arrays)


def mapped(
  one: Callable[..., Any], mapping: str = 'auto'
) -> Callable[..., Any]:
  """Maps a function of one run over R runs.

  Args:
    one: a function of trees of arrays that returns one.
    mapping: as in `make_train_step`.

  Returns:
    The same function with a leading axis R on all inputs and outputs.
  """
  return _MAPS[_resolve(mapping)](one)


def take(tree: Any, index: int) -> Any:
  """One replica of states or metrics [R, ...]."""
  return jax.tree.map(lambda x: x[index], tree)


# Both are cached for other replicas of the same configuration, whose values are
# other arguments of the same program.
@functools.lru_cache(maxsize=1)
def _creator(
  problem: Problem, layout: NamedSharding
) -> Callable[[Values], GANState]:
  def create_one(values: Values) -> GANState:
    hyper = _hyper(problem.config, values)
    return state_lib.create(problem, values.get('seed'), hyper)

  return jax.jit(jax.vmap(create_one), out_shardings=layout)


@functools.lru_cache(maxsize=1)
def _stepper(
  problem: Problem, layout: NamedSharding, mapping: str
) -> Callable[[Values, GANState, Batch], tuple[GANState, Metrics]]:
  step = Step(problem)

  def step_one(
    values: Values, state: GANState, batch: Batch
  ) -> tuple[GANState, Metrics]:
    return step(_hyper(problem.config, values), state, batch)

  all_steps = mapped(step_one, mapping)
  if mapping == 'map' and layout.mesh.size > 1:
    # A loop over a split axis would run every replica on every device.
    all_steps = jax.shard_map(
      all_steps,
      mesh=layout.mesh,
      in_specs=layout.spec,
      out_specs=layout.spec,
      check_vma=False,
    )
  # The values are an argument, or XLA would fold them into the program.
  return jax.jit(
    all_steps,
    donate_argnums=1,
    in_shardings=(layout, layout, layout),
    out_shardings=layout,
  )


def _resolve(
  mapping: str, platform: str = '', convolutions: bool = False
) -> str:
  if mapping != 'auto':
    pick('The mapping of replicas', mapping, _MAPS)
    return mapping
  # vmap makes grouped convolutions of the kernels of all replicas. XLA has no
  # fast form for the gradient of those by the image on a GPU.
  if convolutions:
    return 'map'
  # On one CPU device vmap costs more than it saves.
  platform = platform or jax.default_backend()
  one_cpu = platform == 'cpu' and jax.device_count() == 1
  return 'map' if one_cpu else 'vmap'


def _has_convolutions(problem: Problem) -> bool:
  return problem.config.net.name != 'mlp'


def _layout(replicas: Replicas, mesh: Mesh) -> NamedSharding:
  if replicas.num % mesh.size:
    raise ValueError(
      f'There are {replicas.num} replicas and {mesh.size} devices; there must '
      f'be a multiple of {mesh.size} replicas.'
    )
  return NamedSharding(mesh, PartitionSpec(*mesh.axis_names))


def _shared(replicas: Replicas, problem: Problem) -> Problem:
  """The problem of the common program, equal for all swept values."""
  weights = replicas.values.get('penalty.weight')
  if weights is None:
    return problem
  # The program differentiates the penalty if any replica has a weight.
  penalty = dataclasses.replace(
    problem.config.penalty, weight=float(any(weights))
  )
  config = dataclasses.replace(problem.config, penalty=penalty)
  return dataclasses.replace(problem, config=config)


def _hyper(config: Config, values: Values) -> Hyper:
  """The scalars of one replica; the swept ones are traced."""
  swept = {
    name: values[key] for key, name in hyper_lib.KEYS.items() if key in values
  }
  return hyper_lib.from_config(config)._replace(**swept)
