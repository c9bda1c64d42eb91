"""What a run tells: scalars to JSONL and TensorBoard, pictures to PNG.

`metrics.jsonl` holds one object per line, with null for what is not finite.
"""

import contextlib
import json
import math
import pathlib
import types
from collections.abc import Mapping
from typing import Any, TextIO

import numpy as np

from jaxgan.storage import pictures


class Writer(contextlib.AbstractContextManager):
  """Writes into a workdir; close it, or use it in a `with` block."""

  def __init__(
    self, workdir: pathlib.Path, *, tensorboard: bool, first_step: int
  ) -> None:
    """Opens the files of a run that starts, or goes on, after `first_step`.

    What an interrupted run wrote after its last checkpoint is taken back, so
    that a resumed run tells the same story as one that was never stopped.

    Args:
      workdir: of the run; it exists.
      tensorboard: whether event files are written.
      first_step: the step of the restored state; 0 for a new run.
    """
    self._folder = workdir / 'samples'
    self._folder.mkdir(exist_ok=True)
    self._jsonl = _reopen(workdir / 'metrics.jsonl', first_step)
    self._board = _board(workdir, first_step) if tensorboard else None

  def __exit__(
    self,
    kind: type[BaseException] | None,
    error: BaseException | None,
    trace: types.TracebackType | None,
  ) -> None:
    self.close()

  def close(self) -> None:
    """Flushes and closes every file."""
    self._jsonl.close()
    if self._board is not None:
      self._board.close()

  def scalars(self, step: int, values: Mapping[str, float]) -> None:
    """Adds a line to metrics.jsonl, and a point to each curve."""
    finite = {k: v if math.isfinite(v) else None for k, v in values.items()}
    self._jsonl.write(json.dumps({'step': step, **finite}) + '\n')
    self._jsonl.flush()
    if self._board is not None:
      for name, value in values.items():
        self._board.add_scalar(name, value, step)
      self._board.flush()

  def samples(
    self, name: str, step: int, samples: np.ndarray, *, generated: bool
  ) -> None:
    """Writes samples/NAME.png, and the same picture to TensorBoard.

    Args:
      name: of the file; TensorBoard's tag is `generated` or `real`.
      step: after which they were made.
      samples: [N, H, W, C] uint8 or [N, D] float32.
      generated: whether a generator made them.
    """
    picture = pictures.picture(samples)
    pictures.save_png(
      self._folder / f'{name}.png', picture, generated=generated
    )
    if self._board is not None:
      tag = 'generated' if generated else 'real'
      self._board.add_image(tag, picture, step, dataformats='HWC')
      self._board.flush()

  def text(self, name: str, text: str) -> None:
    """Adds a text to TensorBoard."""
    if self._board is not None:
      self._board.add_text(name, text, 0)


def read_metrics(path: pathlib.Path) -> list[dict]:
  """The lines of a metrics.jsonl; one cut short by a crash is left out."""
  rows = []
  for line in path.read_text().splitlines():
    with contextlib.suppress(json.JSONDecodeError):
      rows.append(json.loads(line))
  return rows


def _reopen(path: pathlib.Path, first_step: int) -> TextIO:
  if path.exists():
    kept = [row for row in read_metrics(path) if row['step'] <= first_step]
    # Replaced in one move: a crash leaves the old file or the new one.
    new = path.with_suffix('.new')
    new.write_text(''.join(json.dumps(row) + '\n' for row in kept))
    new.replace(path)
  return path.open('a')


def _board(workdir: pathlib.Path, first_step: int) -> Any:
  import tensorboardX

  return tensorboardX.SummaryWriter(
    str(workdir),
    purge_step=first_step + 1 if first_step else None,
    # A restart within the same second would overwrite the file before it.
    filename_suffix=f'.{first_step}',
  )
