"""Generated samples as files: one picture, one archive, or many PNGs."""

import os
import pathlib
import zipfile
from collections.abc import Iterable, Iterator

import numpy as np
from tqdm import tqdm

from jaxgan import images, workdir

# A grid of more could not be looked at.
_MOST_IN_GRID = 4096


def write(
  out: pathlib.Path,
  chunks: Iterable[np.ndarray],
  *,
  count: int,
  columns: int = 0,
) -> None:
  """Writes samples as what the ending of `out` says.

  Args:
    out: a .png for a grid, a .npz for arrays (`images`, or `vectors`), or a
      folder, new or empty, for one PNG each.
    chunks: [n, H, W, C] uint8 or [n, D] float32, `count` samples in all; an
      archive and a folder hold one chunk in memory at a time.
    count: the number of samples.
    columns: of a grid; 0 for about as many as rows.

  Raises:
    ValueError: `out` cannot be written, is a folder with files in it, or
      cannot hold these samples.
  """
  workdir.make(out.absolute().parent)
  bar = tqdm(total=count, unit='image', disable=count <= _MOST_IN_GRID)
  chunks = _counted(chunks, bar)
  if out.suffix == '.png':
    _write_grid(out, chunks, count, columns)
  elif out.suffix == '.npz':
    _write_npz(out, chunks, count)
  elif not out.suffix or out.is_dir():
    _write_folder(out, chunks)
  else:
    raise ValueError(
      f'--out is {str(out)!r}; it must end in .png or .npz, or be a folder.'
    )
  bar.close()


def _counted(chunks: Iterable[np.ndarray], bar: tqdm) -> Iterator[np.ndarray]:
  for chunk in chunks:
    yield chunk
    bar.update(len(chunk))


def _write_grid(
  out: pathlib.Path, chunks: Iterator[np.ndarray], count: int, columns: int
) -> None:
  if count > _MOST_IN_GRID:
    raise ValueError(
      f'--num is {count}; a grid holds at most {_MOST_IN_GRID} images, so name '
      'a folder or a .npz as --out.'
    )
  picture = images.picture(np.concatenate(list(chunks)), columns)
  images.save_png(out, picture, generated=True)


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
        '.npz or a .png as --out.'
      )
    for image in chunk:
      images.save_png(out / f'{number:06d}.png', image, generated=True)
      number += 1
