"""Wasserstein GANs in JAX whose gradient penalty adapts to the distance.

import jaxgan
config = jaxgan.load_config('digits', {'train.steps': 500})
run = jaxgan.train(config, 'runs/digits')
images = run.sample(64)
records = run.evaluate(['fid1k_digits'])
"""

import pathlib
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
  from jaxgan.config import Config
  from jaxgan.evaluation.run import Run

__version__ = '0.1.0'
__all__ = ['load_config', 'train', 'load_run']

# jax and flax are imported by the functions: `import jaxgan` is fast.


def load_config(
  name: str, changes: Mapping[str, Any] | None = None
) -> 'Config':
  """Reads a configuration and changes some of its keys.

  Args:
    name: a file of configs/ such as 'digits' or 'zoo/sngan', or the path of a
      .py file; ':tiny' behind it is a small variant for dry runs.
    changes: dotted key -> value, such as {'train.steps': 500}.

  Raises:
    ValueError: no such file, an unknown key, or a value that is not allowed.

  Example:
    >>> config = jaxgan.load_config('digits:tiny', {'train.steps': 4})
    >>> config.train.steps, config.data.name
    (4, 'digits')
  """
  from jaxgan.config import files

  return files.load_config(name, changes)


def train(
  config: 'Config',
  workdir: str | pathlib.Path,
  *,
  accept_new_config: bool = False,
  init_from: str | pathlib.Path | None = None,
  init_nets: str = 'all',
  callback: Callable[[int, Mapping[str, float]], object] | None = None,
) -> 'Run':
  """Trains a run to its last step, or resumes it, and returns it.

  Args:
    config: from `load_config`.
    workdir: folder of the run; new, empty, or of this run.
    accept_new_config: resumes a workdir of another configuration.
    init_from: workdir of another run; a new run starts from its networks.
    init_nets: which of them: all, gen or critic.
    callback: called at each evaluation with the step and the scalars there.

  Raises:
    ValueError: a bad configuration, data set or workdir, before any training.
    FloatingPointError: a non-finite loss.
    jaxgan.training.failures.RunFailed: another failure of the run.
    jaxgan.training.preemption.Interrupted: SIGTERM or Ctrl-C, after a save.

  Example:
    >>> run = jaxgan.train(config, 'runs/tiny')
    >>> run.metrics()[-1]['step']
    4
  """
  from jaxgan.training import train as train_lib
  from jaxgan.training import transfer

  source = transfer.Source(str(init_from), init_nets) if init_from else None
  train_lib.train_and_evaluate(
    config,
    workdir,
    accept_new_config=accept_new_config,
    init_from=source,
    callback=callback or (lambda step, scalars: None),
  )
  return load_run(workdir)


def load_run(workdir: str | pathlib.Path) -> 'Run':
  """Opens an existing run, to sample from it or to evaluate it.

  Raises:
    ValueError: the folder holds no run.

  Example:
    >>> run = jaxgan.load_run('runs/tiny')
    >>> run.config == config
    True
  """
  from jaxgan.evaluation import run

  return run.load(workdir)
