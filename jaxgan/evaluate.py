r"""Measures a trained generator, or any samples, against real data.

  python -m jaxgan.evaluate --workdir=runs/digits --metrics=fid1k_digits
  python -m jaxgan.evaluate --generated=FOLDER_OR_NPZ \
    --reference=FOLDER_OR_NPZ_OR_DATASET --metrics=fid10k_mnist,kid10k_mnist

Prints a table of each value between its floor (other real data) and its
ceiling (noise), and adds the records, with their whole protocol, to
evaluation.jsonl in the workdir, or to --out.
"""

import sys
from typing import TYPE_CHECKING

from absl import app, flags

from jaxgan import cli

if TYPE_CHECKING:
  import pathlib

  from jaxgan import evaluation
  from jaxgan.schema import Data

_WORKDIR = flags.DEFINE_string('workdir', '', 'Of the run to measure.')
_GENERATED = flags.DEFINE_string(
  'generated', '', 'Samples: a folder of images or a .npz.'
)
_REFERENCE = flags.DEFINE_string(
  'reference', '', "Real data: a folder, a .npz or a name; empty for the run's."
)
_METRICS = flags.DEFINE_list(
  'metrics', None, 'Names such as fid10k_mnist.', required=True
)
_PATH = flags.DEFINE_string('path', '', 'Files of a reference given by name.')
_SPLIT = flags.DEFINE_string('split', '', "Of the real data; the run's, else.")
_FLOOR = flags.DEFINE_string(
  'floor_split', '', 'Other real data, for the floor; empty for none.'
)
_WEIGHTS = flags.DEFINE_enum(
  'weights', 'ema', ['ema', 'raw'], 'Averaged weights, or those of the step.'
)
_INCEPTION = flags.DEFINE_string(
  'inception', '', 'The .npz of jaxgan.convert_inception.'
)
_RESIZE = flags.DEFINE_string('resize', 'clean', "To Inception's size.")
_SEED = flags.DEFINE_integer('seed', 0, 'Of latents and subsets.', 0)
_OUT = flags.DEFINE_string('out', '', 'A .jsonl for the records.')


def main(argv: list[str]) -> int:
  """Parses flags, measures, and returns the exit status."""
  cli.no_more(argv)
  return cli.run(_evaluate)


def _evaluate() -> None:
  import pathlib  # The rest only now: --help shall not wait for jax.

  from jaxgan import evaluation, examples, trained
  from jaxgan.metrics import protocol

  if bool(_WORKDIR.value) == bool(_GENERATED.value):
    raise ValueError(
      'Samples come from --workdir or from --generated; give one of the two.'
    )
  for name in _METRICS.value:
    protocol.parse(name)
  evaluator = evaluation.Evaluator(
    _METRICS.value,
    _reference(),
    seed=_SEED.value,
    weights=_INCEPTION.value,
    resize=_RESIZE.value,
  )
  if _WORKDIR.value:
    folder = pathlib.Path(_WORKDIR.value)
    run = trained.load(folder, _WEIGHTS.value)
    draw = evaluation.draw_from(run, _SEED.value)
    source = evaluation.Source(folder.name, _WEIGHTS.value, run.step)
  else:
    path = pathlib.Path(_GENERATED.value)
    samples = examples.load(path, '--generated')
    draw = lambda num: samples[:num]  # noqa: E731
    source = evaluation.Source(path.name, 'none', -1)
  records = evaluator(draw, source)
  evaluation.append(_out(), records)
  sys.stdout.write(evaluation.table(records) + '\n')


def _reference() -> 'evaluation.Reference':
  """The real data that the flags, or the run's own config, name."""
  import pathlib

  from jaxgan import evaluation, examples
  from jaxgan.data import sources

  path = pathlib.Path(_REFERENCE.value)
  if _REFERENCE.value and path.exists():
    real = examples.load(path, '--reference')
    return evaluation.Reference(path.name, '', real, None)
  data = _data()
  others = None
  if _FLOOR.value:
    others = sources.load(_with_split(data, _FLOOR.value)).images
  real = sources.load(data).images
  return evaluation.Reference(data.name, data.split, real, others)


def _data() -> 'Data':
  import pathlib

  from jaxgan import workdir
  from jaxgan.schema import Data

  if _REFERENCE.value:
    data = Data(name=_REFERENCE.value, path=_PATH.value)
  elif _WORKDIR.value:
    data = workdir.load_config(pathlib.Path(_WORKDIR.value)).data
  else:
    raise ValueError(
      '--reference is empty and there is no --workdir; give a folder, a .npz '
      'or the name of a data set.'
    )
  return _with_split(data, _SPLIT.value or data.split)


def _with_split(data: 'Data', split: str) -> 'Data':
  import dataclasses

  return dataclasses.replace(data, split=split)


def _out() -> 'pathlib.Path':
  import pathlib

  if _OUT.value:
    return pathlib.Path(_OUT.value)
  return pathlib.Path(_WORKDIR.value or '.') / 'evaluation.jsonl'


def run() -> None:
  """The console entry."""
  app.run(main)


if __name__ == '__main__':
  run()
