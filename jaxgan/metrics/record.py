"""Records of metrics: a value with all settings of its measurement."""

import contextlib
import dataclasses
import json
import pathlib
from collections.abc import Mapping, Sequence
from typing import Any

from jaxgan import __version__


@dataclasses.dataclass(frozen=True)
class Record:
  """One metric of one generator, with all settings of its measurement.

  Attributes:
    metric: the metric name, such as `fid10k_mnist`.
    value: the number.
    error: its standard error, or None if the metric has none.
    features: name of the feature net.
    features_sha256: SHA-256 of the net's weights; empty if it has none.
    resize: resize protocol that brings images to the net's size.
    reference: name of the real data.
    reference_sha256: SHA-256 of the real examples.
    split: split of the real data, in tfds syntax.
    real_num, fake_num: number of real and of fake examples.
    seed: seed of the latents and of the metric.
    source: name of the workdir or of the file of fakes.
    weights: `ema`, `raw`, or `none` for fakes from files.
    step: step at which the generator was saved; -1 if unknown.
    floor: the same metric for other real data instead of fakes, or None.
    ceiling: the same metric for uniform noise instead of fakes, or None.
    train_sha256, heldout_sha256: SHA-256 of the training and of the held-out
      examples; empty if the metric does not read them.
    train_precision: `train.precision` of the run, which also made the fakes;
      empty for files, and in records of older versions. Feature nets are
      always float32.
    details: more results of the metric, such as class counts, or None.
    version: version of jaxgan.
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
  train_precision: str = ''
  details: Mapping[str, Any] | None = None
  version: str = __version__


# The fields that must be equal before two values may be compared.
PROTOCOL = (
  'metric', 'features', 'features_sha256', 'resize', 'reference',
  'reference_sha256', 'split', 'train_sha256', 'heldout_sha256', 'real_num',
  'fake_num', 'weights',
)  # fmt: skip


def difference(a: Record, b: Record) -> float:
  """Returns a.value - b.value for two records with equal settings.

  Raises:
    ValueError: a field in PROTOCOL differs; the message names the first one.
  """
  for field in PROTOCOL:
    one, other = getattr(a, field), getattr(b, field)
    if one != other:
      raise ValueError(
        f'The records differ in {field} ({one!r} and {other!r}); only records '
        'with equal settings can be compared.'
      )
  return a.value - b.value


def append(path: pathlib.Path, records: Sequence[Record]) -> None:
  """Appends records to a JSON Lines file, one line per record."""
  with path.open('a') as file:
    for record in records:
      file.write(json.dumps(dataclasses.asdict(record)) + '\n')


def load(path: pathlib.Path) -> list[Record]:
  """Reads the records of a JSON Lines file, oldest first.

  Skips a line that a crash left incomplete, and fields of newer versions.

  Args:
    path: of the file; a missing file has no records.

  Raises:
    ValueError: a line lacks a field.
  """
  if not path.exists():
    return []
  known = {field.name for field in dataclasses.fields(Record)}
  records = []
  for number, line in enumerate(path.read_text().splitlines(), 1):
    with contextlib.suppress(json.JSONDecodeError):
      values = json.loads(line)
      try:
        records.append(Record(**{k: values[k] for k in known & {*values}}))
      except TypeError as error:
        raise ValueError(
          f'Line {number} of {path} is no record of a metric ({error}).'
        ) from error
  return records


def table(records: Sequence[Record]) -> str:
  """Formats records as a text table: metric, value, error, floor, ceiling.

  Records of several sources are marked by the name of their source.
  """
  columns = ('value', 'error', 'floor', 'ceiling')
  several = len({record.source for record in records}) > 1
  rows: list[tuple[str, ...]] = [
    ('metric', *columns, *(['source'] if several else []))
  ]
  for record in records:
    numbers = (getattr(record, column) for column in columns)
    texts = ('-' if x is None else f'{x:.5g}' for x in numbers)
    source = [record.source] if several else []
    rows.append((record.metric, *texts, *source))
  widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
  return '\n'.join(
    '  '.join(cell.ljust(w) for cell, w in zip(row, widths, strict=True))
    for row in rows
  )
