"""Exports generated samples: a PNG, an NPZ archive, a CSV or a folder."""

import csv
import itertools
import logging
import pathlib
import zipfile
from collections.abc import Iterable, Iterator

import numpy as np

from jaxgan.data.columns import AnyColumns
from jaxgan.data.mixed import Mixed
from jaxgan.progress import Progress
from jaxgan.storage import atomic, movies, pictures, workdir

_LOG = logging.getLogger(__name__)

_FORMULAS = ('=', '+', '-', '@')  # Spreadsheets compute such cells.
_MAX_GRID = 4096  # Samples in one picture.


def check(out: pathlib.Path, count: int) -> None:
  """Checks an output before any work; creates the folder that it is in.

  Raises:
    ValueError: `out` is not writable, is a folder that is not empty or an
      existing .csv, has an unknown suffix, or cannot hold so many samples.
  """
  workdir.local(out)
  workdir.make(out.parent)
  suffix = out.suffix.lower()
  if suffix == '.png' and count > _MAX_GRID:
    raise ValueError(
      f'--num is {count}; a .png holds at most {_MAX_GRID} samples, so give a '
      'folder, a .npz or a .csv as --out.'
    )
  if suffix == '.csv' and out.exists():
    # Unlike the other formats, a .csv may be the user's own data.
    raise ValueError(f'{out} already exists; give a new .csv as --out.')
  if suffix in ('.png', '.npz', '.csv'):
    return
  if suffix in movies.SUFFIXES:
    raise ValueError(
      f'--out is {str(out)!r}; a moving picture needs --walk or --training.'
    )
  if suffix and not out.is_dir():
    raise ValueError(
      f'--out is {str(out)!r}; it must end in .png, .npz or .csv, or be a '
      'folder.'
    )
  if out.is_dir() and any(out.iterdir()):
    raise ValueError(
      f'{out} is not empty; give a new or empty folder as --out, so that '
      'images of two runs are not mixed.'
    )


def write(
  out: pathlib.Path,
  chunks: Iterable[np.ndarray],
  *,
  count: int,
  columns: int = 0,
  table: AnyColumns | None = None,
  escape: bool = False,
) -> None:
  """Writes samples in the format given by the suffix of `out`.

  Args:
    out: a .png for a grid of images or a plot of vectors, a .npz for arrays
      (`images` or `vectors`), a new .csv for one line per vector, or a new or
      empty folder for one PNG per image.
    chunks: [n, H, W, C] uint8 or [n, D] float32, `count` samples in total;
      except for .png, one chunk at a time is in memory.
    count: number of samples.
    columns: images per row of the grid; 0 for a square grid.
    table: columns of the data set, if the vectors are in the units of a table:
      a .csv gets their names, and a plot shows standardized values.
    escape: puts an apostrophe before texts in a .csv that a spreadsheet would
      compute, because they begin with = + - or @.

  Raises:
    ValueError: as `check`, or a format that cannot hold these samples.
  """
  check(out, count)
  with Progress(count, 'sample', hidden=count <= _MAX_GRID) as bar:
    chunks = _counted(chunks, bar)
    suffix = out.suffix.lower()
    if suffix == '.png':
      chunks = map(table.standardize, chunks) if table else chunks
      image = pictures.picture(np.concatenate(list(chunks)), columns)
      pictures.save_png(out, image, generated=True)
    elif suffix == '.npz':
      _write_npz(out, chunks, count)
    elif suffix == '.csv':
      _write_csv(out, chunks, table, escape)
    else:
      _write_folder(out, chunks)


def _counted(
  chunks: Iterable[np.ndarray], bar: Progress
) -> Iterator[np.ndarray]:
  for chunk in chunks:
    yield chunk
    bar.update(len(chunk))


def _write_npz(
  out: pathlib.Path, chunks: Iterator[np.ndarray], count: int
) -> None:
  """Streams one array into an archive, in the format of np.savez_compressed."""
  first = next(chunks)
  name = 'images' if first.ndim == 4 else 'vectors'
  header = np.lib.format.header_data_from_array_1_0(first)
  header |= {'shape': (count, *first.shape[1:]), 'fortran_order': False}
  with (
    atomic.replacing(out) as temporary,
    zipfile.ZipFile(temporary, 'w', zipfile.ZIP_DEFLATED) as archive,
    archive.open(f'{name}.npy', 'w', force_zip64=True) as file,
  ):
    np.lib.format.write_array_header_1_0(file, header)
    for chunk in itertools.chain([first], chunks):
      file.write(chunk.tobytes())


def _write_csv(
  out: pathlib.Path,
  chunks: Iterator[np.ndarray],
  table: AnyColumns | None,
  escape: bool,
) -> None:
  if isinstance(table, Mixed) and not escape:
    _warn_of_formulas(out, table)
  with (
    atomic.replacing(out) as temporary,
    temporary.open('w', newline='', encoding='utf-8') as file,
  ):
    lines = csv.writer(file, lineterminator='\n')
    if table and table.names:
      lines.writerow(_escaped(table.names) if escape else table.names)
    for chunk in chunks:
      if chunk.ndim != 2:
        raise ValueError(
          f'{out} is a table and the samples are images; give a .npz, a .png '
          'or a folder as --out.'
        )
      if isinstance(table, Mixed):
        lines.writerows(_texts(table, chunk, escape))
      else:
        lines.writerows(chunk.astype(str))  # The shortest exact float32 digits.


def _texts(
  table: Mixed, rows: np.ndarray, escape: bool
) -> Iterator[tuple[str, ...]]:
  """Yields the cells of each row of a table with categories."""
  parts = [
    _escaped(texts) if escape and column.discrete else texts
    for column, texts in zip(table.columns, table.decode(rows), strict=True)
  ]
  return zip(*parts, strict=True)


def _escaped(texts: Iterable[str]) -> list[str]:
  return [f"'{t}" if t.startswith(_FORMULAS) else t for t in texts]


def _warn_of_formulas(out: pathlib.Path, table: Mixed) -> None:
  """Logs the first text that a spreadsheet would compute."""
  for column in table.columns:
    for text in (column.name, *column.texts):
      if text.startswith(_FORMULAS) and column.kind in ('category', 'boolean'):
        _LOG.warning(
          '%s gets cells such as %.40r in column %s, which spreadsheets may '
          'compute; --escape puts an apostrophe before them.',
          out,
          text,
          column.name,
        )
        return


def _write_folder(out: pathlib.Path, chunks: Iterator[np.ndarray]) -> None:
  workdir.make(out)
  for number, image in enumerate(itertools.chain.from_iterable(chunks)):
    if image.ndim != 3:
      raise ValueError(
        f'{out} is a folder of images and the samples are vectors; give a '
        '.npz, a .csv or a .png as --out.'
      )
    pictures.save_png(out / f'{number:06d}.png', image, generated=True)
