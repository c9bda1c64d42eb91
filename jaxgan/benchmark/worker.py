"""Compiles a training step once, then times it on request.

The protocol is that of docs/torch_peer.py with --serve, so that programs can be
compiled first and then timed in turn.
"""

import importlib.metadata
import json
import platform
from collections.abc import Iterable, Iterator

import jax

from jaxgan.benchmark import iteration
from jaxgan.benchmark.iteration import Figures
from jaxgan.benchmark.settings import Settings
from jaxgan.types import Metrics

_PACKAGES = 'jaxgan', 'jax', 'jaxlib', 'flax', 'optax', 'orbax-checkpoint'


def answers(settings: Settings, lines: Iterable[str]) -> Iterator[str]:
  """Answers each line of the input with a line of JSON.

  Args:
    settings: of the step; `warmup` iterations are not counted.
    lines: numbers of iterations, or `peak` for the best rate of a product.

  Yields:
    First the versions, and figures of the compiled program. Then, for a number,
    `seconds` of so many iterations of all seeds, and `peak_bytes`, the most
    memory ever allocated; for `peak`, `peak_flops_per_second`.
  """
  with iteration.set_precision(settings):
    step = iteration.Stepper(settings)
    yield json.dumps(versions() | step.figures | {'flops': _flops(settings)})
    for line in lines:
      yield json.dumps(_answer(settings, step, line.strip()))


def versions() -> Figures:
  """Returns the device and the versions of what computes on it."""
  return {
    'device': jax.devices()[0].device_kind,
    'runtime': jax.devices()[0].client.platform_version,
    'python': platform.python_version(),
    **{name: _version(name) for name in _PACKAGES},
  }


def _flops(settings: Settings) -> float | None:
  """Operations of an iteration; None on a backend that does not count them."""
  try:
    return iteration.count_flops(settings)
  except (NotImplementedError, jax.errors.JaxRuntimeError):
    return None


def _version(package: str) -> str | None:
  try:
    return importlib.metadata.version(package)
  except importlib.metadata.PackageNotFoundError:  # Of a bare checkout.
    return None


def _answer(settings: Settings, step: iteration.Stepper, line: str) -> Figures:
  if line == 'peak':
    rate = iteration.peak_rate(settings.precision)
    return {'peak_flops_per_second': rate}
  seconds = iteration.seconds(lambda: _run(step, int(line)))
  return {'seconds': seconds, 'peak_bytes': iteration.peak_bytes()}


def _run(step: iteration.Stepper, count: int) -> Metrics:
  """Dispatches iterations and returns the metrics of the last."""
  for _ in range(count - 1):
    step()
  return step()
