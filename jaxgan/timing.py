"""How long an iteration takes, and how long it would at the machine's best."""

import dataclasses
import functools
import pathlib
import statistics
import tempfile
import time
from collections.abc import Callable, Mapping
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np

from jaxgan import mesh as mesh_lib
from jaxgan import replicas, train
from jaxgan import state as state_lib
from jaxgan import step as step_lib
from jaxgan.config import from_config_dict
from jaxgan.nets import catalog as nets_lib
from jaxgan.schema import Config
from jaxgan.state import GANState
from jaxgan.types import Batch, Metrics, Pair
from jaxgan.writers import read_metrics

Shape = tuple[int, ...]

_RESNET = {'name': 'resnet', 'gen_norm': 'batch', 'critic_pool': 'mean'}

# The nets of the PyTorch peer, the shape of their images, and a data set of
# that shape.
NETS: Mapping[str, tuple[dict[str, Any], Shape, dict[str, Any]]] = {
  'toy': (
    {
      'name': 'mlp',
      'latent_size': 2,
      'gen_widths': (512, 512, 512),
      'critic_widths': (512, 512, 512),
    },
    (2,),
    {'name': 'gaussians8'},
  ),
  'mnist': (
    {'gen_widths': (256, 128, 64), 'critic_widths': (64, 128, 256)},
    (28, 28, 1),
    {'name': 'mnist'},
  ),
  'cifar_resnet': (
    {
      **_RESNET,
      'gen_widths': (128, 128, 128, 128),
      'critic_widths': (128, 128, 128),
      'critic_plain_blocks': 2,
    },
    (32, 32, 3),
    {'name': 'cifar10'},
  ),
  'dcgan64': (
    {
      'gen_widths': (512, 256, 128, 64),
      'critic_widths': (64, 128, 256, 512),
      'gen_norm': 'batch',
      'critic_norm': 'layer',
    },
    (64, 64, 3),
    {'name': 'celeba', 'image_size': 64},
  ),
  'resnet64': (
    {
      **_RESNET,
      'gen_widths': (512, 512, 256, 128, 64),
      'critic_widths': (64, 128, 256, 512, 512),
      'critic_norm': 'layer',
    },
    (64, 64, 3),
    {'name': 'celeba', 'image_size': 64},
  ),
}

_MATMUL = {
  'fp32': 'float32',
  'tf32': 'tensorfloat32',
  'bf16': 'bfloat16',
}


@dataclasses.dataclass(frozen=True)
class Settings:
  """What is measured; the flags of `jaxgan.benchmark`."""

  net: str = 'mnist'
  batch: int = 64
  critic_steps: int = 5
  steps: int = 10
  warmup: int = 2
  mode: str = 'step'
  precision: str = 'fp32'
  conv: str = 'auto'
  seeds: int = 1
  replicas: str = 'auto'


def configuration(settings: Settings) -> Config:
  """WGAN-GP with the nets of a benchmark."""
  net, _, data = NETS[settings.net]
  dtype = 'bfloat16' if settings.precision == 'bf16' else 'float32'
  mock = {} if settings.net == 'toy' else {'mock_examples': 2048}
  return from_config_dict(
    {
      'data': data | mock,
      'net': net | {'compute_dtype': dtype, 'conv': settings.conv},
      'penalty': {'preset': 'wgan_gp'},
      'train': {
        'batch_size': settings.batch,
        'critic_steps': settings.critic_steps,
        'steps': 2 * settings.steps,
      },
      'log': {'every_steps': min(10, settings.steps)},
    }
  )


def measure(settings: Settings) -> dict[str, Any]:
  """Times one configuration.

  Returns:
    The settings and the figures, fit for JSON.
  """
  with jax.default_matmul_precision(_MATMUL[settings.precision]):
    timed = {'step': _time_step, 'loop': _time_loop}[settings.mode](settings)
    flops = count_flops(settings)
    peak = peak_rate(settings.precision)
  seconds = timed['seconds_median'] / settings.seeds
  return {
    **dataclasses.asdict(settings),
    'device': jax.devices()[0].device_kind,
    'jax': jax.__version__,
    **timed,
    'peak_bytes': _peak_bytes(),
    'flops': flops,
    'peak_flops_per_second': peak,
    'share_of_peak': flops / seconds / peak,
  }


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
  best = min(_seconds(lambda: product(a, b)) for _ in range(8))
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


def _time_step(settings: Settings) -> dict[str, Any]:
  state, batch, train_step = _program(settings)

  def iterate() -> Metrics:
    nonlocal state
    state, metrics = compiled(state, batch)
    return metrics

  start = time.perf_counter()
  lowered = jax.jit(train_step, donate_argnums=0).lower(state, batch)
  compiled = lowered.compile()
  _seconds(iterate)
  first = time.perf_counter() - start
  for _ in range(settings.warmup):
    _seconds(iterate)
  times = [_seconds(iterate) for _ in range(settings.steps)]
  return {
    'seconds_median': statistics.median(times),
    'seconds_min': min(times),
    'seconds_max': max(times),
    'first_seconds': first,
    'program_bytes': program_bytes(compiled),
  }


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
  reps = replicas.Replicas(config, {'seed': list(range(settings.seeds))})
  shape = NETS[settings.net][1]
  states = replicas.create(reps, nets, shape, mesh)
  batches = jax.tree.map(lambda x: jnp.stack([x] * settings.seeds), batch)
  step = replicas.make_train_step(reps, nets, mesh, settings.replicas)
  return states, jax.device_put(batches, states.step.sharding), step


def _time_loop(settings: Settings) -> dict[str, Any]:
  """The same from metrics.jsonl of a real run; its first row warms up."""
  with tempfile.TemporaryDirectory() as folder:
    train.train_and_evaluate(configuration(settings), folder)
    rows = read_metrics(pathlib.Path(folder) / 'metrics.jsonl')
  times = [1 / row['steps_per_second'] for row in rows[1:]]
  return {
    'seconds_median': statistics.median(times),
    'seconds_min': min(times),
    'seconds_max': max(times),
    'first_seconds': None,
    'program_bytes': None,
  }


def _seconds(call: Callable[[], Any]) -> float:
  start = time.perf_counter()
  jax.block_until_ready(call())
  return time.perf_counter() - start


def _flops(function: Callable[..., Any], *arguments: Any) -> float:
  costs: Any = jax.jit(function).lower(*arguments).cost_analysis()
  return float(costs['flops'])


def _peak_bytes() -> int | None:
  statistics_ = jax.devices()[0].memory_stats()
  return statistics_['peak_bytes_in_use'] if statistics_ else None
