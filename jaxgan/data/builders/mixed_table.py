"""A user's table of numbers, categories and dates (.csv, .tsv) as vectors."""

import functools
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from jaxgan.config import Data
from jaxgan.data import cells, mixed_fit
from jaxgan.data import kinds as kinds_lib
from jaxgan.data.builders.recipe import Example, Recipe, require_path
from jaxgan.data.mixed import Mixed

EXPECTED = f'a table with a header that ends in {", ".join(cells.SUFFIXES)}'


def recipe(config: Data) -> Recipe:
  """Describes the encoded rows of a table: split `train`.

  Modes and categories are those of the whole file, so all slices of the split
  are encoded alike.

  Args:
    config: reads path, columns and condition.

  Raises:
    FileNotFoundError: the path, or that of the declared columns, is missing.
    ValueError: it is a folder, or `cells.read` or `mixed_fit.fit` refuse it.
  """
  file = require_path(config, EXPECTED)
  if file.is_dir():
    raise ValueError(
      f'data.path is {config.path!r}, a folder; it must be {EXPECTED}.'
    )
  declared = Path(config.columns).expanduser() if config.columns else None
  stamps = tuple(
    path.stat().st_mtime_ns if path and path.exists() else 0
    for path in (file, declared)
  )
  rows, columns = _load(file, declared, config.condition, stamps)
  text = json.dumps(columns.record())
  version = hashlib.sha256(rows.tobytes() + text.encode()).hexdigest()[:16]
  examples = functools.partial(_examples, rows)
  return Recipe(
    'mixed_table',
    rows.shape[1:],
    len(columns.labels),
    {'train': examples},
    version,
    columns,
  )


def mock(config: Data) -> tuple[np.ndarray, Mixed]:
  """Generates a table in memory: `data.mock_examples` rows of five columns.

  Returns:
    Encoded rows [N, M] float32, and the columns.
  """
  rng = np.random.default_rng(0)
  rows = []
  for i in range(config.mock_examples):
    group = int(rng.integers(3))
    number = rng.normal(10 * group, 1)
    rows.append(
      [
        f'{number:.2f}' if rng.random() < 0.9 else '',
        str(round(100 * rng.random())),
        'abc'[group],
        ['no', 'yes'][i % 2],
        f'2024-01-{1 + int(rng.integers(28)):02d}',
      ]
    )
  names = ('amount', 'count', 'group', 'member', 'day')
  table = cells.of_rows(names, rows, 'mock data')
  columns = mixed_fit.fit(table, {}, config.condition)
  return columns.encode(table), columns


# The mixtures take seconds, and an evaluation opens several splits of a file.
@functools.lru_cache(maxsize=2)
def _load(
  file: Path, declared: Path | None, condition: str, stamps: tuple[int, ...]
) -> tuple[np.ndarray, Mixed]:
  del stamps  # Times of the files, so that changed files are read again.
  table = cells.read(file)
  kinds = {}
  if declared is not None:
    kinds = kinds_lib.read(declared, [column.name for column in table])
  columns = mixed_fit.fit(table, kinds, condition)
  return columns.encode(table), columns


def _examples(rows: np.ndarray) -> Iterator[Example]:
  for row in rows:
    yield row, 0
