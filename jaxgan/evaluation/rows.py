"""Rows of a table from a trained generator, for any number of rows."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import jax
import numpy as np

from jaxgan.data.mixed import Column, Mixed
from jaxgan.gan.generator import Generator

_BLOCK = 4096  # Rows whose latents are in memory at once.
_RAREST = 1e-4  # Share of wanted rows below which sampling gives up.
_TRIES = 4  # Blocks before it may.

Where = Mapping[str, str]  # Column -> the category that rows must have.


def parse_where(texts: Sequence[str]) -> dict[str, str]:
  """Parses conditions such as 'income=>50K'.

  Raises:
    ValueError: a text without = or an empty name.
  """
  pairs = {}
  for text in texts:
    name, sign, value = text.partition('=')
    if not (name and sign):
      raise ValueError(
        f'--where is {text!r:.60}; it must be COLUMN=CATEGORY, such as '
        'income=>50K.'
      )
    pairs[name.strip()] = value.strip()
  return pairs


def columns_of(generator: Generator) -> Mixed:
  """The columns of a generator of rows.

  Raises:
    ValueError: it was not trained on a table with categories.
  """
  if not isinstance(generator.columns, Mixed):
    raise ValueError(
      f'data.name of this run is {generator.problem.config.data.name}; only a '
      'run on a mixed_table has rows with categories.'
    )
  return generator.columns


def draw(
  generator: Generator, num: int, seed: int = 0, where: Where | None = None
) -> Iterator[np.ndarray]:
  """Yields encoded rows [n, M], `num` in all, with bounded memory.

  Labels are drawn as in the data: a column uniformly, then a category by its
  number of rows. With `where`, the generator gets the label of the first
  column that has labels, and rows of other categories are dropped.

  Args:
    generator: of a run on a table with categories.
    num: number of rows.
    seed: of latents and labels; equal seeds give equal rows.
    where: the categories that all rows must have.

  Raises:
    ValueError: an unknown column or category, or one that the generator makes
      too rarely.
  """
  columns, where = columns_of(generator), where or {}
  codes = {name: _code(columns, name, text) for name, text in where.items()}
  labels = [columns.label(*pair) for pair in where.items()]
  fixed = next((label for label in labels if label >= 0), -1)
  left, drawn, key = num, 0, jax.random.key(seed)
  generator = generator.replicated()
  while left:
    label = _labels(generator, fixed, (seed, drawn))
    z = generator.inputs(jax.random.fold_in(key, drawn), _BLOCK, label)
    for rows in generator.stream(z):
      chosen = _matching(columns, rows, codes)[:left]
      left -= len(chosen)
      yield chosen
    drawn += 1
    if where and drawn >= _TRIES and num - left < _RAREST * drawn * _BLOCK:
      raise ValueError(
        f'Of {drawn * _BLOCK} generated rows {num - left} have {where}; use '
        'fewer conditions, or train with data.condition all.'
      )


def values(columns: Mixed, rows: np.ndarray) -> dict[str, list[Any]]:
  """Decodes rows [N, M] to int, float, bool, str or None, by column."""
  return {
    column.name: [_typed(column, text) for text in texts]
    for column, texts in zip(columns.columns, columns.decode(rows), strict=True)
  }


def _typed(column: Column, text: str) -> Any:
  from jaxgan.data import cells

  if cells.is_missing(text):
    return None
  if column.kind == 'integer':
    return int(text)
  if column.kind == 'number':
    return float(text)
  if column.kind == 'boolean' and text.lower() in ('true', 'false'):
    return text.lower() == 'true'
  return text


def _code(columns: Mixed, name: str, text: str) -> tuple[int, int]:
  """(position of a column, number of a category)."""
  discrete = [c.name for c in columns.columns if c.discrete]
  if name not in discrete:
    raise ValueError(
      f'--where names {name!r:.60}; it must be a column of categories '
      f'({", ".join(discrete) or "this table has none"}).'
    )
  index = columns.names.index(name)
  texts = columns.columns[index].texts
  if text not in texts:
    shown = ', '.join(texts[:20]) + (', ...' if len(texts) > 20 else '')
    raise ValueError(
      f'--where asks for {name} {text!r:.60}; it must be one of {shown}.'
    )
  return index, texts.index(text)


def _labels(
  generator: Generator, fixed: int, seed: tuple[int, int]
) -> jax.Array | None:
  """[_BLOCK] int32 labels: one for all, or drawn by number of rows."""
  counts = np.array(generator.problem.class_counts, np.float64)
  if not len(counts):
    return None
  if fixed >= 0:
    return jax.numpy.full(_BLOCK, fixed, np.int32)
  bits = np.random.Philox(key=np.array(seed, np.uint64)).random_raw(_BLOCK)
  uniforms = (bits >> np.uint64(11)) * 2.0**-53
  ends = np.cumsum(counts) / counts.sum()
  found = np.searchsorted(ends, uniforms, side='right')
  return jax.numpy.asarray(np.minimum(found, len(counts) - 1), np.int32)


def _matching(
  columns: Mixed, rows: np.ndarray, codes: Mapping[str, tuple[int, int]]
) -> np.ndarray:
  """The rows whose columns have the wanted categories."""
  right = np.ones(len(rows), bool)
  parts = [*columns.parts(rows)]
  for index, code in codes.values():
    column, part = parts[index]
    right &= column.codes(part) == code
  return rows[right]
