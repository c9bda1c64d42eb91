"""Exports generated samples: a PNG, an NPZ archive, a CSV or a folder."""

import csv
import itertools
import pathlib
import zipfile
from collections.abc import Iterable, Iterator

import numpy as np

from jaxgan.data.columns import AnyColumns
from jaxgan.progress import Progress
from jaxgan.storage import atomic, pictures, workdir

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
      _write_csv(out, chunks, table.names if table else ())
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
  out: pathlib.Path, chunks: Iterator[np.ndarray], names: tuple[str, ...]
) -> None:
  with (
    atomic.replacing(out) as temporary,
    temporary.open('w', newline='', encoding='utf-8') as file,
  ):
    lines = csv.writer(file, lineterminator='\n')
    if names:
      lines.writerow(names)
    for chunk in chunks:
      if chunk.ndim != 2:
        raise ValueError(
          f'{out} is a table and the samples are images; give a .npz, a .png '
          'or a folder as --out.'
        )
      lines.writerows(chunk.astype(str))  # The shortest exact float32 digits.


def _write_folder(out: pathlib.Path, chunks: Iterator[np.ndarray]) -> None:
  workdir.make(out)
  for number, image in enumerate(itertools.chain.from_iterable(chunks)):
    if image.ndim != 3:
      raise ValueError(
        f'{out} is a folder of images and the samples are vectors; give a '
        '.npz, a .csv or a .png as --out.'
      )
    pictures.save_png(out / f'{number:06d}.png', image, generated=True)
