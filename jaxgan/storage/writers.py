"""Writes the logs of a run: metrics.jsonl, TensorBoard and samples/*.png.

`metrics.jsonl` holds one JSON object per line: the step, facts of the run such
as `train_precision`, and numbers. Numbers that are not finite become null.
"""

import contextlib
import json
import math
import os
import pathlib
import socket
import time
import types
from collections.abc import Mapping, Sequence
from typing import Any, TextIO

import numpy as np

from jaxgan.storage import atomic, pictures


class Writer(contextlib.AbstractContextManager):
  """Writes logs into a workdir; close it, or use it in a `with` block."""

  def __init__(
    self,
    workdir: pathlib.Path,
    *,
    tensorboard: bool,
    first_step: int,
    facts: Mapping[str, str] = types.MappingProxyType({}),
  ) -> None:
    """Opens the log files of a run that starts or resumes at `first_step`.

    Entries after `first_step`, written by an interrupted run after its last
    checkpoint, are removed: a resumed run has the same log as one that was
    never stopped.

    Args:
      workdir: the folder of the run, which exists.
      tensorboard: whether to write event files.
      first_step: the step of the restored state; 0 for a new run.
      facts: texts that every line of metrics.jsonl repeats.
    """
    self._facts = dict(facts)
    self._folder = workdir / 'samples'
    self._folder.mkdir(exist_ok=True)
    self._jsonl = _open_truncated(workdir / 'metrics.jsonl', first_step)
    self._board = _Board(workdir, first_step) if tensorboard else None

  def __exit__(self, *_: object) -> None:
    self.close()

  def close(self) -> None:
    """Flushes and closes all files."""
    with self._jsonl:
      if self._board is not None:
        self._board.close()

  def check_present(self) -> None:
    """Raises a DiskError if metrics.jsonl is not in the workdir anymore.

    The open file can be written although the workdir is removed.
    """
    path = pathlib.Path(self._jsonl.name)
    with contextlib.suppress(FileNotFoundError):
      if os.path.samestat(path.stat(), os.fstat(self._jsonl.fileno())):
        return
    raise atomic.DiskError(
      f'{path.parent.absolute()} was removed or replaced during the run; what '
      'was trained since its last checkpoint is lost.'
    )

  def scalars(self, step: int, values: Mapping[str, float]) -> None:
    """Writes a line to metrics.jsonl and one point per TensorBoard curve."""
    finite = {k: v if math.isfinite(v) else None for k, v in values.items()}
    row = {'step': step, **self._facts, **finite}
    self._jsonl.write(json.dumps(row) + '\n')
    self._jsonl.flush()
    if self._board is not None:
      for name, value in values.items():
        self._board.add(step, 'scalar', name, value)
      self._board.flush()

  def samples(
    self,
    name: str,
    step: int,
    samples: np.ndarray,
    *,
    generated: bool,
    columns: int = 0,
  ) -> np.ndarray:
    """Writes a picture of samples to samples/NAME.png and to TensorBoard.

    Args:
      name: of the file.
      step: the training step of the generator.
      samples: [N, H, W, C] uint8 or [N, D] float32.
      generated: gives the TensorBoard tag, `generated` or `real`.
      columns: images per row; 0 for a square grid.

    Returns:
      The picture, [H, W, C] uint8.
    """
    image = pictures.picture(samples, columns)
    pictures.save_png(self._folder / f'{name}.png', image, generated=generated)
    if self._board is not None:
      tag = 'generated' if generated else 'real'
      self._board.add(step, 'image', tag, image, dataformats='HWC')
      self._board.flush()
    return image

  def hparams(self, values: Mapping[str, Any], metrics: Sequence[str]) -> None:
    """Writes hyper-parameters to TensorBoard, for its page of that name.

    Args:
      values: key -> number, truth value or text; others become texts.
      metrics: names of scalars of this run that are shown beside them.
    """
    if self._board is not None:
      kinds = bool, int, float, str
      plain = {
        key: value if isinstance(value, kinds) else json.dumps(value)
        for key, value in values.items()
      }
      self._board.add_hparams(plain, metrics)

  def text(self, name: str, text: str) -> None:
    """Writes a text to TensorBoard, at step 0."""
    if self._board is not None:
      self._board.add(0, 'text', name, text)


class _Board:
  """Writes a TensorBoard event file.

  The SummaryWriter of tensorboardX writes in a thread of its own. When the disk
  is full, that thread ends with a traceback, and later writes may wait for it.
  """

  def __init__(self, workdir: pathlib.Path, first_step: int) -> None:
    """Opens a new file, which hides older points after `first_step`."""
    # Slow to import.
    from tensorboardX import record_writer, summary
    from tensorboardX.proto import event_pb2

    self._summary, self._proto = summary, event_pb2
    # A restart within the same second would overwrite a file of equal name.
    ending = f'{int(time.time())}.{socket.gethostname()}.{first_step}'
    path = workdir / f'events.out.tfevents.{ending}'
    self._file = record_writer.RecordWriter(str(path))
    self._write(0, file_version='brain.Event:2')
    if first_step:
      start = event_pb2.SessionLog(status=event_pb2.SessionLog.START)
      self._write(first_step + 1, session_log=start)

  def add(self, step: int, kind: str, *values: Any, **options: Any) -> None:
    """Adds a summary of a kind: scalar, image or text."""
    make = getattr(self._summary, kind)
    self._write(step, summary=make(*values, **options))

  def add_hparams(self, values: Mapping[str, Any], metrics: Any) -> None:
    """Adds what the page of hyper-parameters reads; not the run's success."""
    names = dict.fromkeys(metrics, 0.0)
    for each in self._summary.hparams(dict(values), names)[:2]:
      self._write(0, summary=each)

  def flush(self) -> None:
    self._file.flush()

  def close(self) -> None:
    self._file.close()

  def _write(self, step: int, **content: Any) -> None:
    event = self._proto.Event(step=step, wall_time=time.time(), **content)
    self._file.write(event.SerializeToString())


def read_metrics(path: pathlib.Path) -> list[dict]:
  """Reads metrics.jsonl; skips a line that a crash left incomplete."""
  rows = []
  for line in path.read_text().splitlines():
    with contextlib.suppress(json.JSONDecodeError):
      rows.append(json.loads(line))
  return rows


def _open_truncated(path: pathlib.Path, last_step: int) -> TextIO:
  """Opens a JSONL file for appending, without the rows after `last_step`."""
  atomic.remove_leftovers(path)
  if path.exists():
    kept = [row for row in read_metrics(path) if row['step'] <= last_step]
    atomic.write_text(path, ''.join(json.dumps(row) + '\n' for row in kept))
  return path.open('a')
