"""Plans a run on TPUs: memory, arithmetic and a bound on time, by the compiler.

The real training step is compiled ahead of time for chips that need not exist
here. Nothing runs and no data are read, unless nothing else gives the shape of
an example.
"""

import dataclasses
import time
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh

from jaxgan.config import Config, from_config_dict, replace, to_dict
from jaxgan.data import sources
from jaxgan.evaluation import names
from jaxgan.gan import problem as problem_lib
from jaxgan.gan import sharding
from jaxgan.gan import state as state_lib
from jaxgan.gan import step as step_lib
from jaxgan.training import chips, loop_count
from jaxgan.training.chips import CHIPS, Topology
from jaxgan.types import Batch

_GIB = 2**30


class Memory(NamedTuple):
  """Bytes of one device while the step runs.

  Attributes:
    arguments: the state and the batch.
    results: what the step returns beside the state, which stays in place.
    temporaries: activations, gradients and other values of the step.
    program: its machine code.
  """

  arguments: int
  results: int
  temporaries: int
  program: int

  @property
  def total(self) -> int:
    """Sum of the four parts."""
    return sum(self)


@dataclasses.dataclass(frozen=True)
class Plan:
  """What one device holds and does in one iteration.

  Attributes:
    topology: of the chips.
    batch: largest batch of the run, over all chips.
    memory: None if the compiler refused the program.
    refusal: why it did; empty otherwise.
    flops: arithmetic operations, by XLA, with each pass of a loop.
    bytes: that the operations read and write, likewise; those between
      operations may stay in the memory beside the cores.
    touched: that must be read from or written to the HBM.
    products: matrix products and convolutions in the program. Each has machine
      code of its own, most of the program.
    compile_seconds: of tracing and compiling, until the refusal if any.
  """

  topology: Topology
  batch: int
  memory: Memory | None = None
  refusal: str = ''
  flops: float = 0.0
  bytes: float = 0.0
  touched: int = 0
  products: int = 0
  compile_seconds: float = 0.0

  @property
  def usable(self) -> float:
    """Bytes of one device's memory that a program may use."""
    chip = CHIPS[self.topology.chip]
    return chip.usable * _GIB / chip.devices

  @property
  def fits(self) -> bool:
    """Whether a device can hold the step."""
    return self.memory is not None and self.memory.total <= self.usable

  @property
  def arithmetic_seconds(self) -> float:
    """Least time of the arithmetic, all of it at the peak rate."""
    chip = CHIPS[self.topology.chip]
    return self.flops * chip.devices / chip.flops

  @property
  def memory_seconds(self) -> float:
    """Least time of the HBM: the arguments once, the results once."""
    chip = CHIPS[self.topology.chip]
    return self.touched * chip.devices / chip.bandwidth

  @property
  def least_seconds(self) -> float:
    """A lower bound on the time of an iteration."""
    return max(self.arithmetic_seconds, self.memory_seconds)


def make(config: Config, topology: Topology) -> Plan:
  """Compiles the training step of a run for a topology.

  Args:
    config: the run, as `config.from_config_dict` returns it.
    topology: from `chips.parse`.

  Raises:
    ValueError: a bad configuration, a batch that the devices cannot share
      evenly, or no libtpu.
    FileNotFoundError: `data.path` or a file in it is missing.
  """
  names.check(config)
  sharding.check_devices(config, topology.chips * CHIPS[topology.chip].devices)
  mesh = Mesh(np.array(chips.devices(topology)), ('data',))
  facts = sources.facts(config.data)
  shape = facts.shape
  problem = problem_lib.build(
    config,
    shape,
    num_classes=facts.num_classes,
    columns=facts.columns,
    platform=sharding.platform(mesh),
  )
  state = jax.eval_shape(lambda: state_lib.create(problem))
  batch = _abstract_batch(config, shape)
  started = time.perf_counter()
  step: Any = step_lib.make_train_step(problem, mesh)  # It is jitted.
  traced = step.trace(state, batch)
  try:
    compiled = traced.lower().compile()
  except jax.errors.JaxRuntimeError as error:
    if 'RESOURCE_EXHAUSTED' not in str(error):
      raise
    seconds = time.perf_counter() - started
    return Plan(
      topology,
      largest(config),
      refusal=_sentence(error),
      compile_seconds=seconds,
    )
  seconds = time.perf_counter() - started
  return of_compiled(
    compiled,
    topology,
    largest(config),
    seconds=seconds,
    factor=loop_count.factor(traced.jaxpr.jaxpr),
  )


def of_compiled(
  compiled: Any,
  topology: Topology,
  batch: int,
  *,
  seconds: float,
  factor: float = 1.0,
) -> Plan:
  """Reads the plan off a compiled step.

  Args:
    compiled: has `memory_analysis`, `cost_analysis` and `as_text`.
    topology: it was compiled for.
    batch: over all chips.
    seconds: that it took to compile.
    factor: of arithmetic that XLA does not count where loops stay loops, from
      `loop_count.factor`.
  """
  sizes, cost = compiled.memory_analysis(), compiled.cost_analysis()
  cost = cost[0] if isinstance(cost, list) else cost
  kept, text = sizes.alias_size_in_bytes, compiled.as_text()
  if ' while(' not in text:
    factor = 1.0  # The compiler has unrolled all loops.
  return Plan(
    topology,
    batch,
    Memory(
      sizes.argument_size_in_bytes,
      sizes.output_size_in_bytes - kept,
      sizes.temp_size_in_bytes,
      sizes.generated_code_size_in_bytes,
    ),
    flops=factor * cost['flops'],
    bytes=factor * cost['bytes accessed'],
    touched=sizes.argument_size_in_bytes + sizes.output_size_in_bytes,
    products=text.count(' convolution(') + text.count(' dot('),
    compile_seconds=seconds,
  )


def with_batch(config: Config, batch: int) -> Config:
  """The configuration with another largest batch.

  Raises:
    ValueError: another key forbids it.
  """
  size = batch >> len(config.train.batch_doubles_at)
  return from_config_dict(replace(to_dict(config), {'train.batch_size': size}))


def largest(config: Config) -> int:
  """The largest batch of a run: after all of `train.batch_doubles_at`."""
  return config.train.batch_size << len(config.train.batch_doubles_at)


def _abstract_batch(config: Config, shape: tuple[int, ...]) -> Batch:
  sizes = config.train.critic_steps, largest(config)
  dtype = jnp.float32 if len(shape) == 1 else jnp.uint8
  image: Any = jax.ShapeDtypeStruct((*sizes, *shape), dtype)
  label: Any = jax.ShapeDtypeStruct(sizes, jnp.int32)
  return Batch(image, label)


def _sentence(error: Exception) -> str:
  """The compiler's first sentence, without its error code."""
  text = str(error).removeprefix('RESOURCE_EXHAUSTED: ')
  return text.splitlines()[0].rstrip('.') + '.'
