"""Times single convolutions: window kernels and Winograd kernels.

The rule `nets.kernels.winograd.is_faster` is based on these results.
"""

import contextlib
import functools
import statistics
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from jaxgan.benchmark import iteration
from jaxgan.benchmark.iteration import Figures
from jaxgan.nets.kernels import windows, winograd, xla
from jaxgan.types import Array

Conv = Callable[[Array, Array], Array]

_CALLS = 9  # Timed calls of each kernel.


class Layer(NamedTuple):
  """Sizes of a `SAME` convolution; images and kernels are square."""

  kernel: int
  stride: int
  channels: int
  features: int
  side: int
  batch: int


# Layers of the reference networks, and layers at the limits of the rule.
LAYERS = (
  Layer(3, 1, 128, 128, 32, 16),
  Layer(3, 1, 128, 128, 8, 64),
  Layer(3, 1, 64, 64, 16, 32),
  Layer(3, 1, 32, 32, 32, 16),
  Layer(3, 1, 16, 16, 32, 16),
  Layer(3, 1, 8, 8, 32, 16),
  Layer(3, 2, 64, 64, 16, 64),
  Layer(5, 2, 64, 128, 14, 64),
  Layer(5, 2, 128, 256, 7, 64),
  Layer(5, 2, 256, 512, 8, 64),
  Layer(5, 2, 256, 512, 8, 32),
  Layer(5, 2, 256, 512, 8, 16),
)


def measure(layers: tuple[Layer, ...] = LAYERS) -> Figures:
  """Measures time and rounding error of layers with both kernels.

  The time is of the output and both gradients. In the names, `windows` are
  window kernels and `points` are Winograd kernels.

  Returns:
    `layers`: for each its sizes; `windows_seconds` and `points_seconds`,
    medians of nine calls; `ratio`, points / windows; `taken`, whether the rule
    selects Winograd; `windows_rounding` and `points_rounding`, the standard
    deviation of the error / that of the exact float64 output.
  """
  return {**iteration.device_info(), 'layers': [_measure(x) for x in layers]}


def _measure(layer: Layer) -> Figures:
  rng = np.random.default_rng(0)
  size = layer.batch, layer.side, layer.side, layer.channels
  shape = layer.kernel, layer.kernel, layer.channels, layer.features
  x, kernel = (
    jnp.asarray(rng.normal(size=s), jnp.float32) for s in (size, shape)
  )
  stride = layer.stride
  convs: dict[str, Conv] = {
    'windows': lambda x, k: windows.conv(x, k, stride, 'SAME'),
    'points': lambda x, k: winograd.conv(x, k, stride, 'SAME', always=True),
  }
  passes = {name: _forward_backward(conv) for name, conv in convs.items()}
  times = _median_seconds(passes, x, kernel)
  exact = _exact(x, kernel, stride)
  padded = xla.pad(x, kernel, stride, 'SAME')
  return {
    **layer._asdict(),
    **{f'{name}_seconds': seconds for name, seconds in times.items()},
    'ratio': times['points'] / times['windows'],
    'taken': winograd.is_faster(padded, kernel, stride),
    **{
      f'{name}_rounding': float(np.std(conv(x, kernel) - exact) / np.std(exact))
      for name, conv in convs.items()
    },
  }


def _forward_backward(conv: Conv) -> Callable[..., Any]:
  """Returns a function that computes a layer's output and both gradients."""

  def run(x: Array, kernel: Array) -> Any:
    y, vjp = jax.vjp(conv, x, kernel)
    return y, vjp(y)

  return jax.jit(run)


def _median_seconds(
  programs: dict[str, Callable[..., Any]], *arguments: Array
) -> dict[str, float]:
  """Times programs, alternating; drops the first call, which compiles."""
  times: dict[str, list[float]] = {name: [] for name in programs}
  for _ in range(_CALLS + 1):
    for name, program in programs.items():
      call = functools.partial(program, *arguments)
      times[name].append(iteration.seconds(call))
  return {name: statistics.median(t[1:]) for name, t in times.items()}


@contextlib.contextmanager
def _float64() -> Iterator[None]:
  """Enables float64, in the way that jax 0.7 to 0.12 have in common."""
  jax.config.update('jax_enable_x64', True)
  try:
    yield
  finally:
    jax.config.update('jax_enable_x64', False)


def _exact(x: Array, kernel: Array, stride: int) -> np.ndarray:
  """Computes a convolution with window kernels in float64."""
  with _float64():
    wide = [jnp.asarray(np.asarray(a), jnp.float64) for a in (x, kernel)]
    return np.asarray(windows.conv(wide[0], wide[1], stride, 'SAME'))
