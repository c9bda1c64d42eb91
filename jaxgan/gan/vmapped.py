"""Many runs in one program: replicas that differ in a seed or in a number.

The step of one run is mapped over a leading axis R of states, batches and
swept values, so that one compilation and one dispatch serve them all. Replica
r is the run that its own configuration would have been alone: the same initial
weights, order of data, latents and points, up to rounding. Replicas never talk
to each other, so that on several devices each keeps a share of them whole.
"""

import dataclasses
import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import flax.linen as nn
import jax
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from jaxgan.config import Config, flatten, from_config_dict, pick, to_dict
from jaxgan.gan import state as state_lib
from jaxgan.gan.state import GANState
from jaxgan.gan.step import Iteration, TrainStep
from jaxgan.types import Batch, Metrics, Pair

Values = dict[str, Any]  # Config key -> [R], or a scalar for one replica.

# What may differ: these enter the step as numbers and never decide what it
# computes, so that no replica needs a program of its own.
SWEPT: Mapping[str, type] = {
  'seed': np.uint32,
  'penalty.weight': np.float32,
  'penalty.floor': np.float32,
  'penalty.power': np.float32,
  'penalty.rate': np.float32,
  'penalty.decay': np.float32,
  'penalty.smoothing': np.float32,
  'optim.gen.lr': np.float32,
  'optim.critic.lr': np.float32,
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
    values: key of `SWEPT` -> R values; keys that are not there are shared.

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
      self.alone(index)

  @property
  def num(self) -> int:
    """R."""
    return len(next(iter(self.values.values()), ()))

  def alone(self, index: int) -> Config:
    """The configuration of one replica as a run of its own."""
    nested = to_dict(self.config)
    for key, value in self.values.items():
      *sections, name = key.split('.')
      section = nested
      for part in sections:
        section = section[part]
      section[name] = value[index]
    return from_config_dict(nested)

  def arrays(self) -> Values:
    """The swept values as host arrays [R]."""
    return {k: np.asarray(v, SWEPT[k]) for k, v in self.values.items()}

  def __str__(self) -> str:
    shared = flatten(to_dict(self.config))
    differ = ', '.join(
      f'{k} {shared[k]} -> {v}' for k, v in self.values.items()
    )
    return f'{self.num} replicas: {differ}'


def create(
  replicas: Replicas,
  nets: Pair[nn.Module],
  shape: tuple[int, ...],
  mesh: Mesh,
) -> GANState:
  """The states [R, ...] before the first iteration.

  Args:
    replicas: which runs.
    nets: as built by `nets.build`; all replicas share their shapes.
    shape: of one example.
    mesh: from `mesh.make_mesh`.

  Raises:
    ValueError: the devices cannot share the replicas evenly.
  """
  where = _spread(replicas, mesh)
  return _creator(replicas.config, nets, shape, where)(replicas.arrays())


def make_train_step(
  replicas: Replicas, nets: Pair[nn.Module], mesh: Mesh, how: str = 'auto'
) -> TrainStep:
  """The jitted iteration of all replicas; the states are donated.

  Args:
    replicas: which runs.
    nets: as built by `nets.build`.
    mesh: from `mesh.make_mesh`.
    how: `vmap` runs them side by side, `map` one after another inside the
      program; `auto` takes the faster on this backend.

  Returns:
    A function (states [R, ...], batches [R, K, B, ...]) -> (states, metrics
    [R]).

  Raises:
    ValueError: a name in the configuration that nothing answers to, or the
      devices cannot share the replicas evenly.
  """
  where = _spread(replicas, mesh)
  arrays = jax.device_put(replicas.arrays(), where)
  step = _stepper(replicas.config, nets, where, _resolve(how))
  return functools.partial(step, arrays)


def mapped(one: Callable[..., Any], how: str = 'auto') -> Callable[..., Any]:
  """A function of one run as a function of R of them.

  Args:
    one: of trees of arrays, which gives one.
    how: as in `make_train_step`.

  Returns:
    The same function with an axis [R, ...] before all that goes in and out.
  """
  return _MAPS[_resolve(how)](one)


def take(tree: Any, index: int) -> Any:
  """One replica out of states or metrics [R, ...]."""
  return jax.tree.map(lambda x: x[index], tree)


# Both are kept for the next replicas of the same configuration, whose values
# are other arguments of the same program.
@functools.lru_cache(maxsize=1)
def _creator(
  config: Config,
  nets: Pair[nn.Module],
  shape: tuple[int, ...],
  where: NamedSharding,
) -> Callable[[Values], GANState]:
  def one(values: Values) -> GANState:
    return state_lib.create(_with(config, values), nets, shape)

  return jax.jit(jax.vmap(one), out_shardings=where)


@functools.lru_cache(maxsize=1)
def _stepper(
  config: Config, nets: Pair[nn.Module], where: NamedSharding, how: str
) -> Callable[[Values, GANState, Batch], tuple[GANState, Metrics]]:
  def one(
    values: Values, state: GANState, batch: Batch
  ) -> tuple[GANState, Metrics]:
    return Iteration(_with(config, values), nets)(state, batch)

  # The values are an argument, or XLA would fold them into the program.
  return jax.jit(
    mapped(one, how),
    donate_argnums=1,
    in_shardings=(where, where, where),
    out_shardings=where,
  )


def _resolve(how: str) -> str:
  if how != 'auto':
    pick('how', how, _MAPS)
    return how
  # What vmap adds to a lone CPU's work, two devices on its cores win back.
  one_cpu = jax.default_backend() == 'cpu' and jax.device_count() == 1
  return 'map' if one_cpu else 'vmap'


def _spread(replicas: Replicas, mesh: Mesh) -> NamedSharding:
  if replicas.num % mesh.size:
    raise ValueError(
      f'There are {replicas.num} replicas and {mesh.size} devices; there must '
      f'be a multiple of {mesh.size} replicas.'
    )
  return NamedSharding(mesh, PartitionSpec(*mesh.axis_names))


def _with(config: Config, values: Values) -> Config:
  """The configuration with swept values as traced numbers in it."""
  for key, value in values.items():
    config = _replaced(config, key.split('.'), value)
  return config


def _replaced(section: Any, path: list[str], value: Any) -> Any:
  name, *rest = path
  if rest:
    value = _replaced(getattr(section, name), rest, value)
  return dataclasses.replace(section, **{name: value})
