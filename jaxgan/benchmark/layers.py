"""Single convolutions by windows and at points: where does which pay?

`nets.winograd` decides by a rule that rests on these figures.
"""

import functools
import statistics
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from jaxgan.benchmark import iteration
from jaxgan.benchmark.iteration import Figures
from jaxgan.nets.kernels import windows, winograd, xla
from jaxgan.types import Array

Way = Callable[[Array, Array], Array]

_TURNS = 9


class Layer(NamedTuple):
  """A `SAME` convolution of square images and kernels."""

  kernel: int
  stride: int
  channels: int
  features: int
  side: int
  batch: int


# The shapes of the reference nets, and what lies at the edges of the rule.
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
  """Times layers, value and both gradients, and how far they round.

  Returns:
    `layers`: of each its sizes; `windows_seconds` and `points_seconds`, medians
    of nine turns; their `ratio`; whether the rule has it `taken` at points; and
    `windows_rounding` and `points_rounding`, the deviation from the sum in
    float64 over that sum's own.
  """
  return {**iteration.machine(), 'layers': [_measured(x) for x in layers]}


def _measured(layer: Layer) -> Figures:
  rng = np.random.default_rng(0)
  size = layer.batch, layer.side, layer.side, layer.channels
  shape = layer.kernel, layer.kernel, layer.channels, layer.features
  x, kernel = (
    jnp.asarray(rng.normal(size=s), jnp.float32) for s in (size, shape)
  )
  stride = layer.stride
  ways: dict[str, Way] = {
    'windows': lambda x, k: windows.conv_matmul(x, k, stride, 'SAME'),
    'points': lambda x, k: winograd.conv_winograd(
      x, k, stride, 'SAME', always=True
    ),
  }
  times = _turns({name: _pass(way) for name, way in ways.items()}, x, kernel)
  exact = _exact(x, kernel, stride)
  padded = xla.padded(x, kernel, stride, 'SAME')
  return {
    **layer._asdict(),
    **{f'{name}_seconds': found for name, found in times.items()},
    'ratio': times['points'] / times['windows'],
    'taken': winograd.pays(padded, kernel, stride),
    **{
      f'{name}_rounding': float(np.std(way(x, kernel) - exact) / np.std(exact))
      for name, way in ways.items()
    },
  }


def _pass(way: Way) -> Callable[..., Any]:
  """Value and gradients of a layer, for one gradient of its outputs."""

  def run(x: Array, kernel: Array) -> Any:
    y, back = jax.vjp(way, x, kernel)
    return y, back(y)

  return jax.jit(run)


def _turns(
  programs: dict[str, Callable[..., Any]], *arguments: Array
) -> dict[str, float]:
  """Median seconds of programs that take turns; the first is not counted."""
  times: dict[str, list[float]] = {name: [] for name in programs}
  for _ in range(_TURNS + 1):
    for name, program in programs.items():
      times[name].append(
        iteration.seconds(functools.partial(program, *arguments))
      )
  return {name: statistics.median(found[1:]) for name, found in times.items()}


def _exact(x: Array, kernel: Array, stride: int) -> np.ndarray:
  with jax.enable_x64(True):
    wide = [jnp.asarray(np.asarray(a), jnp.float64) for a in (x, kernel)]
    return np.asarray(windows.conv_matmul(wide[0], wide[1], stride, 'SAME'))
