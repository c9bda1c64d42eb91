"""Asynchronous checkpoints of the whole training state, written by Orbax.

Orbax does not detect corrupted bytes. Each checkpoint therefore stores a
SHA-256 digest of its arrays; `restore` skips a checkpoint that does not match.
"""

import contextlib
import hashlib
import logging
import math
import operator
import pathlib
from collections.abc import Mapping
from typing import Any

import jax
import numpy as np
import orbax.checkpoint as ocp
from etils import epath
from jax.experimental import multihost_utils
from orbax.checkpoint import checkpoint_managers as managers

from jaxgan.config import Checkpoint
from jaxgan.gan.state import GANState
from jaxgan.storage.identity import Identity

_LOG = logging.getLogger(__name__)

# Replaces a metric that is not finite: Orbax would rank NaN as the best.
_WORST = float(np.finfo(np.float32).max)
_value = operator.itemgetter('value')


def digest(state: Any) -> str:
  """Hashes a pytree: SHA-256 of path, type, shape and bytes of each leaf."""
  sha = hashlib.sha256()
  for path, leaf in jax.tree_util.tree_leaves_with_path(state):
    if jax.dtypes.issubdtype(leaf.dtype, jax.dtypes.prng_key):
      leaf = jax.random.key_data(leaf)
    value = np.ascontiguousarray(jax.device_get(leaf))
    name = jax.tree_util.keystr(path)
    sha.update(f'{name} {value.dtype} {value.shape} '.encode())
    sha.update(value.data)
  return sha.hexdigest()


class OtherRun(ValueError):
  """A checkpoint belongs to another run."""


class Checkpoints(contextlib.AbstractContextManager):
  """Saves and restores the checkpoints of one run; use it in a `with` block."""

  def __init__(
    self,
    folder: pathlib.Path,
    config: Checkpoint,
    *,
    run: Identity | None = None,
    read_only: bool = False,
  ) -> None:
    """Opens or creates a folder of checkpoints.

    Args:
      folder: holds one subfolder per step.
      config: which checkpoints are kept.
      run: written into each checkpoint; checkpoints of another run are refused.
      read_only: changes no file; the run may be training at the same time.
    """
    self._folder = folder.absolute()
    self._run = run
    self._read_only = read_only
    self._metric = config.best_metric
    self._manager = ocp.CheckpointManager(
      epath.Path(self._folder),
      options=ocp.CheckpointManagerOptions(
        preservation_policy=_preservation(config),
        # Orbax stores metrics only if there is a `best_fn`.
        best_fn=_value if config.best_metric else None,
        best_mode='min',
        cleanup_tmp_directories=not read_only,
        create=not read_only,
        save_root_metadata=not read_only,
      ),
    )

  def __exit__(self, kind: object, *_: object) -> None:
    """Waits for the last save and closes the folder."""
    # An error of the block is reported, and not what follows from it.
    with contextlib.suppress(*(() if kind is None else (Exception,))):
      self._manager.close()

  def steps(self) -> list[int]:
    """The steps of all checkpoints, in ascending order."""
    return sorted(self._manager.all_steps())

  def save(self, state: GANState, metrics: Mapping[str, float]) -> None:
    """Saves a state asynchronously; returns once it is copied to the host.

    Args:
      state: `state.step` names the checkpoint; an existing checkpoint of that
        step is not overwritten.
      metrics: includes the metric named by `checkpoint.best_metric`, if any.
    """
    step = int(jax.device_get(state.step))
    if step in self.steps():
      return
    self._manager.save(
      step,
      args=ocp.args.Composite(
        state=ocp.args.StandardSave(state),
        digest=ocp.args.JsonSave(
          {'sha256': digest(state), 'run': self._run.id if self._run else None}
        ),
      ),
      metrics=self._score(metrics),
    )

  def wait(self) -> None:
    """Waits until all saves are on disk."""
    self._manager.wait_until_finished()

  def restore(self, target: GANState) -> GANState | None:
    """Restores the newest intact checkpoint.

    Newer checkpoints that are damaged are logged and moved to `damaged`, next
    to the folder of checkpoints, so that the run can save these steps again.

    Args:
      target: a state with the shapes and shardings to restore to; its values
        are not read.

    Returns:
      The state, or None if there are no checkpoints.

    Raises:
      ValueError: there are checkpoints and none of them can be restored, or
        the newest belongs to another run.
    """
    damaged: list[int] = []
    for step in reversed(self.steps()):
      try:
        facts = self._restore_item(step, ocp.args.JsonRestore(), 'digest')
        self._check_run(step, facts.get('run'))
        state = self._restore_item(step, ocp.args.StandardRestore(target))
        if digest(state) != facts['sha256']:
          raise ValueError('its arrays do not match their SHA-256')
      except OtherRun:
        raise
      except Exception as error:  # Orbax raises many types, also Exception.
        reason = str(error).strip().partition('\n')[0][:200]
        _LOG.warning(
          'Checkpoint %d in %s is damaged and skipped (%s).',
          step,
          self._folder,
          reason,
        )
        damaged.append(step)
        continue
      self._move(damaged, 'damaged')
      return state
    if damaged:
      raise ValueError(
        f'None of the checkpoints {damaged} in {self._folder} can be restored '
        'with this configuration; they are not changed, so repair them or '
        'choose another workdir.'
      )
    return None

  def roll_back(self, step: int) -> None:
    """Moves all checkpoints after `step` to the folder `rolled_back`."""
    self.wait()
    self._move([s for s in self.steps() if s > step], 'rolled_back')

  def _restore_item(self, step: int, args: Any, name: str = 'state') -> Any:
    items = ocp.args.Composite(**{name: args})
    return self._manager.restore(step, args=items)[name]

  def _check_run(self, step: int, saved: str | None) -> None:
    """Raises OtherRun if a checkpoint is known to belong to another run."""
    if self._run is None or saved == self._run.id:
      return
    if saved is None and step <= self._run.since:
      return
    raise OtherRun(
      f'{self._folder / str(step)} is a checkpoint of another run than '
      f'{self._folder.parent}; move it away, or choose another workdir.'
    )

  def _move(self, steps: list[int], name: str) -> None:
    """Moves checkpoints to a sibling folder, without overwriting any."""
    if self._read_only or not steps:
      return
    for step in steps if jax.process_index() == 0 else ():
      target = self._folder.parent / name / str(step)
      while target.exists():
        target = target.with_name(target.name + '_')
      target.parent.mkdir(exist_ok=True)
      (self._folder / str(step)).rename(target)
    if jax.process_count() > 1:  # Else one may still list what is moved.
      multihost_utils.sync_global_devices(f'moved to {name}')
    self._manager.reload()

  def _score(self, metrics: Mapping[str, float]) -> dict[str, float] | None:
    if not self._metric:
      return None
    # A run that is stopped between two evaluations has no metric.
    value = float(metrics.get(self._metric, math.inf))
    return {'value': value if math.isfinite(value) else _WORST}


def _preservation(config: Checkpoint) -> managers.PreservationPolicy:
  policies = [managers.LatestN(config.max_to_keep)]
  if config.keep_every_steps:
    policies.append(managers.EveryNSteps(config.keep_every_steps))
  if config.best_metric:
    policies.append(managers.BestN(get_metric_fn=_value, reverse=True, n=1))
  return managers.AnyPreservationPolicy(policies)
