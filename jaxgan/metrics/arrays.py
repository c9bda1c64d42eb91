"""What every metric asks of its arrays; each fault is one sentence."""

import numpy as np

_DTYPES = (np.dtype(np.float32), np.dtype(np.float64))


def features(name: str, values: np.ndarray, least: int = 2) -> np.ndarray:
  """[N, D] finite numbers, one row per sample.

  Args:
    name: of the argument, for the sentence.
    values: anything that numpy reads as an array.
    least: the smallest N that is allowed.

  Returns:
    [N, D] float32 or float64 as they came; whole numbers become float64 and
    half precision becomes float32.

  Raises:
    ValueError: another shape, too few samples, not numbers or not finite.
  """
  values = np.asarray(values)
  if values.ndim != 2 or not values.shape[1]:
    raise ValueError(
      f'{name} has shape {values.shape}; it must be [N, D], one row per sample.'
    )
  if len(values) < least:
    raise ValueError(
      f'{name} holds {len(values)} samples; it must hold at least {least}.'
    )
  if values.dtype not in _DTYPES:
    values = values.astype(_float_of(name, values))
  finite = np.isfinite(values).all(axis=1)
  if not finite.all():
    raise ValueError(
      f'{name} is not finite in row {np.argmin(finite)}; every value must be a '
      'finite number.'
    )
  return values


def pair(
  real: np.ndarray, fake: np.ndarray, least: int = 2
) -> tuple[np.ndarray, np.ndarray]:
  """Two sets of features, [N, D] and [M, D], as `features` returns them.

  Raises:
    ValueError: as `features`, or the two have different D.
  """
  real, fake = features('real', real, least), features('fake', fake, least)
  same_width('real', real.shape[1], 'fake', fake.shape[1])
  return real, fake


def same_width(name: str, width: int, other_name: str, other: int) -> None:
  """Raises a ValueError unless both have the same number of features."""
  if width != other:
    raise ValueError(
      f'{name} has {width} features and {other_name} has {other}; both must '
      'come from the same feature net.'
    )


def labels(name: str, values: np.ndarray, num_classes: int) -> np.ndarray:
  """int64 class indices in [0, num_classes), in the shape they came in.

  Raises:
    ValueError: none at all, not whole numbers, or out of range.
  """
  values = np.asarray(values)
  if not values.size or values.dtype.kind not in 'iu':
    raise ValueError(
      f'{name} has shape {values.shape} and type {values.dtype}; it must hold '
      'at least one label, as whole numbers.'
    )
  for value in (values.min(), values.max()):
    within(f'A label of {name}', int(value), 0, num_classes - 1)
  return values.astype(np.int64)


def images(name: str, values: np.ndarray, least: int = 1) -> np.ndarray:
  """[N, H, W, C] uint8.

  Raises:
    ValueError: another shape or type, or too few.
  """
  values = np.asarray(values)
  if values.ndim != 4 or values.dtype != np.uint8 or 0 in values.shape[1:]:
    raise ValueError(
      f'{name} has shape {values.shape} and type {values.dtype}; it must be '
      '[N, H, W, C] uint8.'
    )
  if len(values) < least:
    raise ValueError(
      f'{name} holds {len(values)} images; it must hold at least {least}.'
    )
  return values


def within(name: str, value: int, low: int, high: int) -> None:
  """Raises a ValueError unless low <= value <= high."""
  if not low <= value <= high:
    raise ValueError(f'{name} is {value}; it must be in [{low}, {high}].')


def _float_of(name: str, values: np.ndarray) -> type:
  """float64 for whole numbers, float32 for floats of fewer bits."""
  if values.dtype.kind in 'iub':
    return np.float64
  if values.dtype.name in ('float16', 'bfloat16'):
    return np.float32
  raise ValueError(
    f'{name} is of type {values.dtype}; it must hold real numbers.'
  )
