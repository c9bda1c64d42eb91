"""Generated samples as files: a picture, an archive, a table, many PNGs."""

import csv
import os
import pathlib
import zipfile
from collections.abc import Iterable, Iterator

import numpy as np
from tqdm import tqdm

from jaxgan.data.columns import Columns
from jaxgan.storage import pictures, workdir

# A grid of more could not be looked at.
_MOST_IN_GRID = 4096


def write(
  out: pathlib.Path,
  chunks: Iterable[np.ndarray],
  *,
  count: int,
  columns: int = 0,
  table: Columns | None = None,
) -> None:
  """Writes samples as what the ending of `out` says.

  Args:
    out: a .png for a grid or a cloud, a .npz for arrays (`images`, or
      `vectors`), a new .csv for a line per vector, or a folder, new or empty,
      for one PNG each.
    chunks: [n, H, W, C] uint8 or [n, D] float32, `count` samples in all; all
      but a .png hold one chunk in memory at a time.
    count: the number of samples.
    columns: of a grid; 0 for about as many as rows.
    table: that the vectors are in units of: a .csv has its names and a cloud
      shows deviations from its means; None for no table.

  Raises:
    ValueError: `out` cannot be written, is a folder with files in it or a .csv
      that is there, or cannot hold these samples.
  """
  workdir.make(out.absolute().parent)
  bar = tqdm(total=count, unit='sample', disable=count <= _MOST_IN_GRID)
  chunks = _counted(chunks, bar)
  if out.suffix == '.png':
    _write_grid(out, _inside(chunks, table), count, columns)
  elif out.suffix == '.npz':
    _write_npz(out, chunks, count)
  elif out.suffix == '.csv':
    _write_csv(out, chunks, table.names if table else ())
  elif not out.suffix or out.is_dir():
    _write_folder(out, chunks)
  else:
    raise ValueError(
      f'--out is {str(out)!r}; it must end in .png, .npz or .csv, or be a '
      'folder.'
    )
  bar.close()


def _counted(chunks: Iterable[np.ndarray], bar: tqdm) -> Iterator[np.ndarray]:
  for chunk in chunks:
    yield chunk
    bar.update(len(chunk))


def _inside(
  chunks: Iterator[np.ndarray], table: Columns | None
) -> Iterator[np.ndarray]:
  return map(table.standardise, chunks) if table else chunks


def _write_grid(
  out: pathlib.Path, chunks: Iterator[np.ndarray], count: int, columns: int
) -> None:
  if count > _MOST_IN_GRID:
    raise ValueError(
      f'--num is {count}; a grid holds at most {_MOST_IN_GRID} samples, so '
      'name a folder, a .npz or a .csv as --out.'
    )
  picture = pictures.picture(np.concatenate(list(chunks)), columns)
  pictures.save_png(out, picture, generated=True)


def _write_npz(
  out: pathlib.Path, chunks: Iterator[np.ndarray], count: int
) -> None:
  """One array in a zip, written as it comes; moved to its name when whole."""
  first = next(chunks)
  name = 'images' if first.ndim == 4 else 'vectors'
  header = {
    'descr': np.lib.format.dtype_to_descr(first.dtype),
    'fortran_order': False,
    'shape': (count, *first.shape[1:]),
  }
  new = out.with_name(f'{out.name}.{os.getpid()}')
  with (
    zipfile.ZipFile(new, 'w', zipfile.ZIP_DEFLATED) as archive,
    archive.open(f'{name}.npy', 'w', force_zip64=True) as file,
  ):
    np.lib.format.write_array_header_1_0(file, header)
    file.write(first.tobytes())
    for chunk in chunks:
      file.write(chunk.tobytes())
  new.replace(out)


def _write_csv(
  out: pathlib.Path, chunks: Iterator[np.ndarray], names: tuple[str, ...]
) -> None:
  """A line per vector; moved to its name when whole."""
  if out.exists():
    # Of all endings this is the one that a user's own data have.
    raise ValueError(f'{out} is there already; name a new .csv as --out.')
  new = out.with_name(f'{out.name}.{os.getpid()}')
  try:
    with new.open('w', newline='', encoding='utf-8') as file:
      lines = csv.writer(file, lineterminator='\n')
      if names:
        lines.writerow(names)
      for chunk in chunks:
        if chunk.ndim != 2:
          raise ValueError(
            f'{out} is a table and the samples are images; name a .npz, a .png '
            'or a folder as --out.'
          )
        lines.writerows(chunk.astype(str))  # As few digits as float32 needs.
    new.replace(out)
  finally:
    new.unlink(missing_ok=True)


def _write_folder(out: pathlib.Path, chunks: Iterator[np.ndarray]) -> None:
  workdir.make(out)
  if any(out.iterdir()):
    raise ValueError(
      f'{out} has files in it; name a new or empty folder, so that images of '
      'two runs are not mixed.'
    )
  number = 0
  for chunk in chunks:
    if chunk.ndim != 4:
      raise ValueError(
        f'{out} is a folder of images and the samples are vectors; name a '
        '.npz, a .csv or a .png as --out.'
      )
    for image in chunk:
      pictures.save_png(out / f'{number:06d}.png', image, generated=True)
      number += 1
