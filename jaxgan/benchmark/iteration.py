"""Measures one iteration: seconds, operations, and share of the peak rate."""

import contextlib
import dataclasses
import functools
import statistics
import time
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jaxgan.benchmark.settings import NETS, Settings, configuration
from jaxgan.compilation import once
from jaxgan.gan import hyper as hyper_lib
from jaxgan.gan import problem as problem_lib
from jaxgan.gan import sharding as mesh_lib
from jaxgan.gan import state as state_lib
from jaxgan.gan import step as step_lib
from jaxgan.gan import vmapped
from jaxgan.gan.problem import Problem
from jaxgan.gan.state import GANState
from jaxgan.gan.updates import Updates
from jaxgan.types import Batch, Metrics

Figures = dict[str, Any]

_MATMUL = {'fp32': 'float32', 'tf32': 'tensorfloat32', 'bf16': 'bfloat16'}


class Stepper:
  """The compiled training step, called on the same batch every time."""

  def __init__(self, settings: Settings) -> None:
    """Compiles and warms up; `first_seconds` is compiling and one iteration."""
    self._state, self._batch, train_step = _program(settings)
    start = time.perf_counter()
    jitted = jax.jit(train_step, donate_argnums=0)
    self._compiled = jitted.lower(self._state, self._batch).compile()
    seconds(self)
    self.figures = {
      'first_seconds': time.perf_counter() - start,
      'program_bytes': program_bytes(self._compiled),
    }
    for _ in range(settings.warmup):
      seconds(self)

  def __call__(self) -> Metrics:
    """Dispatches an iteration without waiting for its result."""
    self._state, metrics = self._compiled(self._state, self._batch)
    return metrics


def timed(settings: Settings) -> Figures:
  """Times single iterations, each of which trains all seeds."""
  step = Stepper(settings)
  times = [seconds(step) for _ in range(settings.steps)]
  return time_statistics(times) | step.figures


def measure(
  settings: Settings, time_it: Callable[[Settings], Figures] = timed
) -> Figures:
  """Times one configuration and relates it to the peak rate of the machine.

  Args:
    settings: the configuration.
    time_it: function that returns `seconds_median` and further figures.

  Returns:
    The settings and the figures, ready for JSON.
  """
  with set_precision(settings):
    figures = time_it(settings)
    flops = count_flops(settings)
    peak = peak_rate(settings.precision)
  rate = flops * settings.seeds / figures['seconds_median']
  return {
    **dataclasses.asdict(settings),
    **device_info(),
    **figures,
    'peak_bytes': peak_bytes(),
    'flops': flops,
    'peak_flops_per_second': peak,
    'share_of_peak': rate / peak,
  }


def set_precision(settings: Settings) -> contextlib.AbstractContextManager[Any]:
  """Returns a context that sets the precision of matrix products."""
  return jax.default_matmul_precision(_MATMUL[settings.precision])


def device_info() -> Figures:
  """Returns the kind of device and the version of jax."""
  return {'device': jax.devices()[0].device_kind, 'jax': jax.__version__}


def time_statistics(times: list[float]) -> Figures:
  """Returns median, minimum and maximum of times in seconds."""
  return {
    'seconds_median': statistics.median(times),
    'seconds_min': min(times),
    'seconds_max': max(times),
  }


def seconds(call: Callable[[], Any]) -> float:
  """Returns the seconds until the device has finished a call."""
  start = time.perf_counter()
  jax.block_until_ready(call())
  return time.perf_counter() - start


def count_flops(settings: Settings) -> float:
  """Counts the floating-point operations of an iteration with XLA.

  XLA counts before its optimizations, and counts the body of a loop once. So
  one critic update is counted and multiplied by `critic_steps`.
  """
  critic_steps = settings.critic_steps
  settings = dataclasses.replace(settings, critic_steps=1)
  problem, state, batch = _prepare(settings)
  shardings = mesh_lib.shardings(mesh_lib.make_mesh())
  updates = Updates(problem, shardings.examples)
  hyper = hyper_lib.from_config(problem.config)
  key = jax.random.key(0)

  def count(update: Callable[[GANState, Batch], Any]) -> float:
    costs: Any = jax.jit(update).lower(state, batch).cost_analysis()
    return float(costs['flops'])

  critic = count(lambda s, b: updates.critic_updates(hyper, s, b, key))
  gen = count(
    lambda s, b: updates.gen_updates(hyper, s, s.variables.critic, b, key)
  )
  return critic_steps * critic + gen


def peak_rate(precision: str) -> float:
  """Measures the best rate of a square matrix product, in FLOP per second."""
  dtype = jnp.bfloat16 if precision == 'bf16' else jnp.float32
  size = 2048 if jax.default_backend() == 'cpu' else 8192
  a, b = jax.random.normal(jax.random.key(0), (2, size, size)).astype(dtype)
  product = jax.jit(jnp.matmul)
  best = min(seconds(lambda: product(a, b)) for _ in range(8))
  return 2 * size**3 / best


def _prepare(settings: Settings) -> tuple[Problem, GANState, Batch]:
  """Returns a problem, its initial state and a random batch, on the devices."""
  shape = NETS[settings.net][1]
  problem = problem_lib.build(configuration(settings), shape)
  shardings = mesh_lib.shardings(mesh_lib.make_mesh())
  create = once(
    lambda: state_lib.create(problem), out_shardings=shardings.state
  )
  rng = np.random.default_rng(0)
  size = (settings.critic_steps, settings.batch)
  image = rng.integers(0, 256, (*size, *shape)).astype(np.uint8)
  if len(shape) == 1:
    image = rng.normal(size=image.shape).astype(np.float32)
  put = functools.partial(jax.device_put, device=shardings.batch)
  batch = Batch(put(image), put(np.zeros(size, np.int32)))
  return problem, create(), batch


def program_bytes(compiled: Any) -> int:
  """Returns the bytes that a compiled step needs on each device, from XLA.

  They are arguments, results that reuse no argument, and temporaries.
  """
  memory = compiled.memory_analysis()
  return int(
    memory.argument_size_in_bytes
    + memory.output_size_in_bytes
    - memory.alias_size_in_bytes
    + memory.temp_size_in_bytes
  )


def _program(settings: Settings) -> tuple[GANState, Batch, Any]:
  """Returns the state, batch and step function of one run or many seeds."""
  problem, state, batch = _prepare(settings)
  mesh = mesh_lib.make_mesh()
  if settings.seeds == 1:
    return state, batch, step_lib.make_train_step(problem, mesh)
  reps = vmapped.Replicas(problem.config, {'seed': list(range(settings.seeds))})
  states = vmapped.create(reps, problem, mesh)
  batches = jax.tree.map(lambda x: jnp.stack([x] * settings.seeds), batch)
  step = vmapped.make_train_step(reps, problem, mesh, settings.replicas)
  return states, jax.device_put(batches, states.step.sharding), step


def peak_bytes() -> int | None:
  """Returns the most memory ever allocated; None if it is not reported."""
  stats = jax.devices()[0].memory_stats()
  return stats['peak_bytes_in_use'] if stats else None
