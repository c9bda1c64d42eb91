"""Wasserstein GANs in JAX whose gradient penalty adapts to the distance.

import jaxgan
config = jaxgan.load_config('digits', {'train.steps': 500})
run = jaxgan.train(config, 'runs/digits')
images = run.sample(64)
records = run.evaluate(['fid1k_digits'])
rows = jaxgan.fit_table('people.csv', 'runs/people').sample(1000)
"""

import pathlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
  from jaxgan.config import Config
  from jaxgan.evaluation.run import Run
  from jaxgan.exporting.read import ExportedRun
  from jaxgan.training.callbacks import Callback
  from jaxgan.training.table_model import TableModel

__version__ = '0.1.0'
__all__ = ['load_config', 'train', 'load_run', 'fit_table']

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
  callback: 'Callback | Sequence[Callback] | None' = None,
) -> 'Run':
  """Trains a run to its last step, or resumes it, and returns it.

  Args:
    config: from `load_config`.
    workdir: folder of the run; new, empty, or of this run.
    accept_new_config: resumes a workdir of another configuration.
    init_from: workdir of another run; a new run starts from its networks.
    init_nets: which of them: all, gen or critic.
    callback: a function, called at each evaluation with the step and the
      scalars there; a tracker (docs/trackers.md); or a list of them.

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
  from jaxgan.evaluation import run as run_lib
  from jaxgan.report import write
  from jaxgan.training import train as train_lib
  from jaxgan.training import transfer

  source = transfer.Source(str(init_from), init_nets) if init_from else None
  train_lib.train_and_evaluate(
    config,
    workdir,
    accept_new_config=accept_new_config,
    init_from=source,
    callback=callback,
  )
  write.after_training(config, workdir)
  return run_lib.load(workdir)


def load_run(workdir: str | pathlib.Path) -> 'Run | ExportedRun':
  """Opens an existing run, to sample from it or to evaluate it.

  A folder that `jaxgan.export` wrote is opened too; such a run can be sampled,
  and not evaluated.

  Raises:
    ValueError: the folder holds no run and no export.

  Example:
    >>> run = jaxgan.load_run('runs/tiny')
    >>> run.config == config
    True
  """
  from jaxgan.evaluation import run
  from jaxgan.exporting import read

  path = pathlib.Path(workdir)
  return read.load(path) if read.is_export(path) else run.load(path)


def fit_table(
  data: Any,
  workdir: str | pathlib.Path,
  *,
  kinds: Mapping[str, str] | None = None,
  changes: Mapping[str, Any] | None = None,
) -> 'TableModel':
  """Trains a generator of rows on a table, or resumes it.

  Args:
    data: the path of a .csv or .tsv with a header, a pandas DataFrame, or a
      dict of columns: name -> values.
    workdir: folder of the run. A table in memory is written to a .csv beside
      it, by the same name.
    kinds: declared kinds of columns (docs/tables.md); others are inferred.
    changes: keys of configs/mixed_table.py, such as {'train.steps': 2000}.

  Raises:
    ValueError: a table or a configuration that cannot be used.

  Example:
    model = jaxgan.fit_table('people.csv', 'runs/people')
    rows = model.sample(1000)
  """
  from jaxgan.training import table_model

  return table_model.fit(data, workdir, kinds or {}, changes or {})
