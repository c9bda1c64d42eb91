"""Writes the pages as files, also at the end of a training."""

import importlib.util
import logging
import pathlib
from collections.abc import Sequence

import jax

from jaxgan.config import Config
from jaxgan.report import collect
from jaxgan.report import compare as compare_page
from jaxgan.report import single as single_page
from jaxgan.storage import atomic, workdir

_LOG = logging.getLogger(__name__)


def single(
  folder: pathlib.Path,
  out: pathlib.Path | None = None,
  neighbors: pathlib.Path | None = None,
) -> pathlib.Path:
  """Writes the page of one run; returns its path.

  Args:
    folder: workdir of the run.
    out: a .html file; report.html in the workdir if None.
    neighbors: a .png of nearest neighbors, which is drawn if it is missing;
      neighbours.png of the workdir, if there is one, if None.

  Raises:
    ValueError: the folder holds no run, a file is damaged, or matplotlib is not
      installed.
  """
  out = _check(out or folder / 'report.html')
  run = collect.read(folder)
  return _write(out, single_page.build(run, _neighbors(run, neighbors)))


def compare(folders: Sequence[pathlib.Path], out: pathlib.Path) -> pathlib.Path:
  """Writes the page that compares runs; returns its path.

  Args:
    folders: workdirs of 2 to 8 runs.
    out: a .html file.

  Raises:
    ValueError: as `single`, a folder is given twice, or too few or many are.
  """
  out = _check(out)
  return _write(out, compare_page.build(compare_page.read(folders)))


def after_training(config: Config, folder: str | pathlib.Path) -> None:
  """Writes report.html of a run that has ended, if `log.report` is set.

  It never fails: an error becomes a warning. Without matplotlib, and in all
  processes but the first, it does nothing.

  Args:
    config: of the run.
    folder: its workdir.
  """
  installed = importlib.util.find_spec('matplotlib') is not None
  if not config.log.report or not installed or jax.process_index():
    return
  try:
    path = single(pathlib.Path(folder))
  except Exception as error:
    _LOG.warning('The report was not written (%s).', error)
  else:
    _LOG.info('  report       %s', path)


def _check(out: pathlib.Path) -> pathlib.Path:
  workdir.local(out)
  if out.suffix.lower() not in ('.html', '.htm'):
    raise ValueError(f'--out is {str(out)!r}; it must end in .html.')
  return out


def _write(out: pathlib.Path, text: str) -> pathlib.Path:
  workdir.make(out.parent)
  atomic.write_text(out, text)
  return out


def _neighbors(
  run: collect.Run, path: pathlib.Path | None
) -> pathlib.Path | None:
  if path is None:
    own = run.folder / 'neighbours.png'
    return own if own.exists() else None
  if not path.exists():
    from jaxgan.evaluation import command

    command.run(command.Options(str(run.folder), neighbours=str(path)))
  return path
