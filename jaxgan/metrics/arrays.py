"""Checks of the metrics' array arguments; each error is one sentence."""

import numpy as np

from jaxgan.types import Array


def features(name: str, values: np.ndarray, minimum: int = 2) -> np.ndarray:
  """Checks and returns a feature matrix [N, D] of finite numbers.

  Args:
    name: name of the argument, for the error message.
    values: array-like.
    minimum: smallest allowed N.

  Returns:
    [N, D]: float32 and float64 keep their type, integers become float64, and
    half precision becomes float32.

  Raises:
    ValueError: wrong shape, too few samples, not numbers or not finite.
  """
  values = np.asarray(values)
  if values.ndim != 2 or not values.shape[1]:
    raise ValueError(
      f'{name} has shape {values.shape}; it must be [N, D], one row per sample.'
    )
  if len(values) < minimum:
    raise ValueError(
      f'{name} holds {len(values)} samples; it must hold at least {minimum}.'
    )
  if values.dtype.kind in 'iub':
    values = values.astype(np.float64)
  elif values.dtype.name in ('float16', 'bfloat16'):
    values = values.astype(np.float32)
  elif values.dtype not in (np.float32, np.float64):
    raise ValueError(
      f'{name} is of type {values.dtype}; it must hold real numbers.'
    )
  finite = np.isfinite(values).all(axis=1)
  if not finite.all():
    raise ValueError(
      f'{name} is not finite in row {np.argmin(finite)}; every value must be a '
      'finite number.'
    )
  return values


def pair(
  real: np.ndarray, fake: np.ndarray, minimum: int = 2
) -> tuple[np.ndarray, np.ndarray]:
  """Checks and returns two feature matrices [N, D] and [M, D].

  Raises:
    ValueError: as in `features`, or the two have different D.
  """
  real = features('real', real, minimum)
  fake = features('fake', fake, minimum)
  same_width('real', real.shape[1], 'fake', fake.shape[1])
  return real, fake


def same_width(name: str, width: int, other_name: str, other: int) -> None:
  """Raises a ValueError if two feature sets differ in their D."""
  if width != other:
    raise ValueError(
      f'{name} has {width} features and {other_name} has {other}; both must '
      'come from the same feature net.'
    )


def images(name: str, values: Array | np.ndarray, minimum: int = 0) -> None:
  """Raises a ValueError unless `values` are images [N, H, W, C] uint8.

  Args:
    name: name of the argument, for the error message.
    values: numpy array, jax array or tracer.
    minimum: smallest allowed N.
  """
  if values.ndim != 4 or values.dtype != np.uint8 or 0 in values.shape[1:]:
    raise ValueError(
      f'{name} has shape {values.shape} and type {values.dtype}; it must be '
      '[N, H, W, C] uint8.'
    )
  if len(values) < minimum:
    raise ValueError(
      f'{name} holds {len(values)} images; it must hold at least {minimum}.'
    )


def within(name: str, value: int, low: int, high: int) -> None:
  """Raises a ValueError unless low <= value <= high."""
  if not low <= value <= high:
    raise ValueError(f'{name} is {value}; it must be between {low} and {high}.')
