"""A measured number and all that must be equal before it is compared."""

import dataclasses
import json
import pathlib
from collections.abc import Mapping, Sequence
from typing import Any

from jaxgan import __version__


@dataclasses.dataclass(frozen=True)
class Record:
  """One metric of one generator.

  Attributes:
    metric: its name, which is its protocol: `fid10k_mnist`.
    value: the number.
    error: its standard error, or None where the metric has none.
    features: name of the feature net.
    features_sha256: of the net's weights; empty where it has none.
    resize: how images were brought to the net's size.
    reference: name of the real data.
    reference_sha256: of its examples.
    split: of the real data, as tfds writes splits.
    real_num, fake_num: how many of each were measured.
    seed: of the latents and of whatever the metric draws.
    source: what made the fakes: a run's folder name, or a file's.
    weights: `ema`, `raw`, or `none` where the fakes came as files.
    step: after which the generator was saved; -1 where there is none.
    floor: the same metric of other real data, or None where there is none.
    ceiling: the same metric of uniform noise, or None where there is none.
    train_sha256, heldout_sha256: of the examples that were trained on, and of
      those that were not; empty where the metric does not read them.
    details: what else the metric found, such as counts of labels; or None.
    version: of jaxgan.
  """

  metric: str
  value: float
  error: float | None
  features: str
  features_sha256: str
  resize: str
  reference: str
  reference_sha256: str
  split: str
  real_num: int
  fake_num: int
  seed: int
  source: str
  weights: str
  step: int
  floor: float | None = None
  ceiling: float | None = None
  train_sha256: str = ''
  heldout_sha256: str = ''
  details: Mapping[str, Any] | None = None
  version: str = __version__


# A number is of the same kind as another where these agree.
PROTOCOL = (
  'metric', 'features', 'features_sha256', 'resize', 'reference',
  'reference_sha256', 'split', 'train_sha256', 'heldout_sha256', 'real_num',
  'fake_num', 'weights',
)  # fmt: skip


def difference(a: Record, b: Record) -> float:
  """a.value - b.value, of records of one protocol.

  Raises:
    ValueError: they were measured differently; names the first such field.
  """
  for field in PROTOCOL:
    one, other = getattr(a, field), getattr(b, field)
    if one != other:
      raise ValueError(
        f'The records differ in {field} ({one!r} and {other!r}); only numbers '
        'of one protocol can be compared.'
      )
  return a.value - b.value


def to_dict(record: Record) -> dict[str, Any]:
  """The record as plain values, fit for JSON."""
  return dataclasses.asdict(record)


def append(path: pathlib.Path, records: Sequence[Record]) -> None:
  """Adds a line of JSON for each record to an evaluation.jsonl."""
  with path.open('a') as file:
    for record in records:
      file.write(json.dumps(to_dict(record)) + '\n')


def table(records: Sequence[Record]) -> str:
  """Records as a table for the terminal."""
  rows: list[tuple[str, ...]] = [
    ('metric', 'value', 'error', 'floor', 'ceiling')
  ]
  for r in records:
    numbers = (r.value, r.error, r.floor, r.ceiling)
    shown = ('-' if x is None else f'{x:.5g}' for x in numbers)
    rows.append((r.metric, *shown))
  widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
  return '\n'.join(
    '  '.join(cell.ljust(w) for cell, w in zip(row, widths, strict=True))
    for row in rows
  )
