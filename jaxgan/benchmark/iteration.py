"""How long an iteration takes, and how long it would at the machine's best."""

import contextlib
import dataclasses
import functools
import statistics
import time
from collections.abc import Callable
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np

from jaxgan.benchmark.settings import NETS, Settings, configuration
from jaxgan.config import Config
from jaxgan.gan import sharding as mesh_lib
from jaxgan.gan import state as state_lib
from jaxgan.gan import step as step_lib
from jaxgan.gan import vmapped
from jaxgan.gan.state import GANState
from jaxgan.nets import catalog as nets_lib
from jaxgan.types import Batch, Metrics, Pair

Figures = dict[str, Any]

_MATMUL = {
  'fp32': 'float32',
  'tf32': 'tensorfloat32',
  'bf16': 'bfloat16',
}


class Stepper:
  """The step alone, compiled, with a batch that it is fed over and over."""

  def __init__(self, settings: Settings) -> None:
    """Compiles; `first_seconds` is how long that and one iteration took."""
    self._state, self._batch, train_step = _program(settings)
    start = time.perf_counter()
    jitted = jax.jit(train_step, donate_argnums=0)
    self._compiled = jitted.lower(self._state, self._batch).compile()
    seconds(self)
    self.first_seconds = time.perf_counter() - start
    self.program_bytes = program_bytes(self._compiled)
    for _ in range(settings.warmup):
      seconds(self)

  def __call__(self) -> Metrics:
    """Starts an iteration, and does not wait for it."""
    self._state, metrics = self._compiled(self._state, self._batch)
    return metrics


def timed(settings: Settings) -> Figures:
  """Seconds of single iterations, of all seeds together."""
  step = Stepper(settings)
  times = [seconds(step) for _ in range(settings.steps)]
  return {
    **spread(times),
    'first_seconds': step.first_seconds,
    'program_bytes': step.program_bytes,
  }


def measure(
  settings: Settings, time_it: Callable[[Settings], Figures] = timed
) -> Figures:
  """Times one configuration.

  Args:
    settings: what.
    time_it: `timed`, or another that gives `seconds_median` and more.

  Returns:
    The settings and the figures, fit for JSON.
  """
  with precisely(settings):
    found = time_it(settings)
    flops = count_flops(settings)
    peak = peak_rate(settings.precision)
  rate = flops * settings.seeds / found['seconds_median']
  return {
    **dataclasses.asdict(settings),
    **machine(),
    **found,
    'peak_bytes': _peak_bytes(),
    'flops': flops,
    'peak_flops_per_second': peak,
    'share_of_peak': rate / peak,
  }


def precisely(settings: Settings) -> contextlib.AbstractContextManager[Any]:
  """Within it, matrix products have the precision that was asked for."""
  return jax.default_matmul_precision(_MATMUL[settings.precision])


def machine() -> Figures:
  """What every line of figures says about where it was measured."""
  return {'device': jax.devices()[0].device_kind, 'jax': jax.__version__}


def spread(times: list[float]) -> Figures:
  """Median, least and most of some seconds."""
  return {
    'seconds_median': statistics.median(times),
    'seconds_min': min(times),
    'seconds_max': max(times),
  }


def seconds(call: Callable[[], Any]) -> float:
  """How long a call takes, with all that it left to the device."""
  start = time.perf_counter()
  jax.block_until_ready(call())
  return time.perf_counter() - start


def count_flops(settings: Settings) -> float:
  """Floating-point operations of an iteration, by XLA's own count.

  Counted before optimisation. XLA counts the body of a loop once, whatever
  its length, so the critic's updates are counted for one and multiplied.
  """
  critic_steps = settings.critic_steps
  settings = dataclasses.replace(settings, critic_steps=1)
  config, nets, state, batch = _prepare(settings)
  where = mesh_lib.shardings(mesh_lib.make_mesh())
  iteration = step_lib.Iteration(config, nets, where.examples)
  key = jax.random.key(0)

  def critic(state: GANState, batch: Batch) -> Any:
    return iteration.critic_updates(state, batch, key)

  def gen(state: GANState, batch: Batch) -> Any:
    return iteration.gen_updates(state, state.variables.critic, batch, key)

  once, other = (_flops(f, state, batch) for f in (critic, gen))
  return critic_steps * once + other


def peak_rate(precision: str) -> float:
  """The best measured rate of a square matrix product, per second."""
  dtype = jnp.bfloat16 if precision == 'bf16' else jnp.float32
  size = 2048 if jax.default_backend() == 'cpu' else 8192
  a, b = jax.random.normal(jax.random.key(0), (2, size, size)).astype(dtype)
  product = jax.jit(jnp.matmul)
  best = min(seconds(lambda: product(a, b)) for _ in range(8))
  return 2 * size**3 / best


def _prepare(
  settings: Settings,
) -> tuple[Config, Pair[nn.Module], GANState, Batch]:
  """Nets, a state and random examples on the devices."""
  config, (_, shape, _) = configuration(settings), NETS[settings.net]
  nets = nets_lib.build(config.net, shape)
  where = mesh_lib.shardings(mesh_lib.make_mesh())
  create = jax.jit(
    lambda: state_lib.create(config, nets, shape), out_shardings=where.state
  )
  rng = np.random.default_rng(0)
  size = (settings.critic_steps, settings.batch)
  image = rng.integers(0, 256, (*size, *shape)).astype(np.uint8)
  if len(shape) == 1:
    image = rng.normal(size=image.shape).astype(np.float32)
  put = functools.partial(jax.device_put, device=where.batch)
  batch = Batch(put(image), put(np.zeros(size, np.int32)))
  return config, nets, create(), batch


def program_bytes(compiled: Any) -> int:
  """What a compiled step needs at once on each device, by XLA's own account.

  Its arguments, its results that do not take an argument's place, and all that
  it holds in between.
  """
  memory = compiled.memory_analysis()
  return int(
    memory.argument_size_in_bytes
    + memory.output_size_in_bytes
    - memory.alias_size_in_bytes
    + memory.temp_size_in_bytes
  )


def _program(settings: Settings) -> tuple[GANState, Batch, Any]:
  """The state, a batch and the jitted step of one run, or of many seeds."""
  config, nets, state, batch = _prepare(settings)
  mesh = mesh_lib.make_mesh()
  if settings.seeds == 1:
    return state, batch, step_lib.make_train_step(config, nets, mesh)
  reps = vmapped.Replicas(config, {'seed': list(range(settings.seeds))})
  shape = NETS[settings.net][1]
  states = vmapped.create(reps, nets, shape, mesh)
  batches = jax.tree.map(lambda x: jnp.stack([x] * settings.seeds), batch)
  step = vmapped.make_train_step(reps, nets, mesh, settings.replicas)
  return states, jax.device_put(batches, states.step.sharding), step


def _flops(function: Callable[..., Any], *arguments: Any) -> float:
  costs: Any = jax.jit(function).lower(*arguments).cost_analysis()
  return float(costs['flops'])


def _peak_bytes() -> int | None:
  statistics_ = jax.devices()[0].memory_stats()
  return statistics_['peak_bytes_in_use'] if statistics_ else None
