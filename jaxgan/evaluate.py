r"""Measures a trained generator, or any samples, against real data.

  python -m jaxgan.evaluate --workdir=runs/digits --metrics=fid1k_digits
  python -m jaxgan.evaluate --workdir=runs/mnist --floor_split=test \
    --neighbours=neighbours.png --gap=1000
  python -m jaxgan.evaluate --generated=FOLDER_OR_FILE \
    --reference=FOLDER_OR_FILE_OR_DATASET --metrics=fid10k_mnist,kid10k_mnist

Prints a table of each value between its floor (other real data) and its
ceiling (noise), and adds the records, with their whole protocol, to
evaluator.jsonl in the workdir, or to --out.
"""

import contextlib
import dataclasses
import functools
import pathlib
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

from absl import app, flags

from jaxgan import cli

if TYPE_CHECKING:
  from jaxgan.config import Data
  from jaxgan.data.columns import Columns
  from jaxgan.evaluation.evaluator import Draw, Source, Watch
  from jaxgan.evaluation.reference_data import Reference
  from jaxgan.metrics.record import Record

_WORKDIR = flags.DEFINE_string('workdir', '', 'Of the run to measure.')
_GENERATED = flags.DEFINE_string(
  'generated', '', 'Samples: a folder of images, a .npz or a table.'
)
_REFERENCE = flags.DEFINE_string(
  'reference', '', "Real data: a folder, a file or a name; empty for the run's."
)
_METRICS = flags.DEFINE_list('metrics', [], 'Names such as fid10k_mnist.')
_NEIGHBOURS = flags.DEFINE_string(
  'neighbours', '', 'A .png of samples beside their nearest training images.'
)
_SPACE = flags.DEFINE_string(
  'space', 'pixels', 'The feature net in which neighbours are near.'
)
_GAP = flags.DEFINE_integer(
  'gap', 0, "Examples for the critic's gap on unseen data; 0 for none.", 0
)
_PATH = flags.DEFINE_string('path', '', 'Files of a reference given by name.')
_SPLIT = flags.DEFINE_string('split', '', "Of the real data; the run's, else.")
_FLOOR = flags.DEFINE_string(
  'floor_split', '', "Other real data, for the floor; the run's, else."
)
_TRAIN = flags.DEFINE_string(
  'train', '', 'What --generated was trained on: as --reference, or a split.'
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

_DRAWN = 1000  # Samples among which neighbours are looked for.


def main(argv: list[str]) -> int:
  """Parses flags, measures, and returns the exit status."""
  cli.no_more(argv)
  return cli.run(_evaluate)


def _evaluate() -> None:
  _check_flags()
  # The rest only now: --help shall not wait for jax.
  from jaxgan.metrics import protocol, record

  reads = [
    each for m in _METRICS.value for each in protocol.parse(m).kind.reads
  ]
  need_train = bool('train' in reads or _NEIGHBOURS.value or _GAP.value)
  reference = _reference(need_train)
  draw, source, most = _samples(reference)
  names, sentence = list(_METRICS.value), ''
  if _NEIGHBOURS.value:
    sentence = _picture(reference, draw)
    if reference.heldout is not None:
      num = min(most, len(reference.heldout))
      names.append(f'memorising{num}_{_SPACE.value}')
  records = _measure(names, reference, draw, source)
  if _GAP.value:
    records.append(_gap(reference, draw, source))
  record.append(_out(), records)
  sys.stdout.write(sentence + record.table(records) + '\n')


def _check_flags() -> None:
  """What can be said of the flags alone."""
  if bool(_WORKDIR.value) == bool(_GENERATED.value):
    raise ValueError(
      'Samples come from --workdir or from --generated; give one of the two.'
    )
  if not (_METRICS.value or _NEIGHBOURS.value or _GAP.value):
    raise ValueError(
      'There is nothing to measure; give --metrics, --neighbours or --gap.'
    )
  if _NEIGHBOURS.value and not _NEIGHBOURS.value.endswith('.png'):
    raise ValueError(
      f'--neighbours is {_NEIGHBOURS.value!r}; it must end in .png.'
    )
  if _GAP.value and (not _WORKDIR.value or _GAP.value < 2):
    raise ValueError(
      f'--gap is {_GAP.value}; it must be at least 2, and asks the critic of a '
      '--workdir.'
    )
  if _TRAIN.value and _WORKDIR.value:
    raise ValueError(
      f'--train is {_TRAIN.value!r} and there is a --workdir, which knows what '
      'it was trained on; give one of the two.'
    )
  if _NEIGHBOURS.value and _GENERATED.value and not _TRAIN.value:
    raise ValueError(
      '--neighbours needs to know what --generated was trained on; give '
      '--train.'
    )


def _samples(reference: 'Reference') -> tuple['Draw', 'Source', int]:
  """What draws samples, where they come from, and how many for neighbours."""
  from jaxgan.data import examples
  from jaxgan.evaluation import evaluator, restore

  if _WORKDIR.value:
    folder = pathlib.Path(_WORKDIR.value)
    run = restore.load(folder, _WEIGHTS.value)
    source = evaluator.Source(folder.name, _WEIGHTS.value, run.step)
    draw = evaluator.draw_from(run, _SEED.value, reference.columns)
    return draw, source, _DRAWN
  path = pathlib.Path(_GENERATED.value)
  samples = examples.load(path, '--generated', reference.columns)
  source = evaluator.Source(path.name, 'none', -1)
  most = min(_DRAWN, len(samples))
  return lambda num, in_turn=False: samples[:num], source, most


def _measure(
  names: list[str], reference: 'Reference', draw: 'Draw', source: 'Source'
) -> list['Record']:
  """Records of metrics, with a bar meanwhile."""
  from jaxgan.evaluation import evaluator as evaluator_lib
  from jaxgan.evaluation import requests

  if not names:
    return []
  with _watched(requests.work(names, reference)) as watch:
    evaluator = evaluator_lib.Evaluator(
      names,
      reference,
      seed=_SEED.value,
      weights=_INCEPTION.value,
      resize=_RESIZE.value,
      watch=watch,
    )
    return evaluator(draw, source)


def _picture(reference: 'Reference', draw: 'Draw') -> str:
  """Writes the picture of neighbours; returns a line about them."""
  import numpy as np

  from jaxgan.evaluation import memorization
  from jaxgan.metrics import features
  from jaxgan.storage import pictures, workdir

  assert reference.train is not None  # The flags say so.
  out = pathlib.Path(_NEIGHBOURS.value)
  workdir.make(out.absolute().parent)
  net = features.load(
    _SPACE.value, weights=_INCEPTION.value, resize=_RESIZE.value
  )
  samples = draw(_DRAWN)
  if not isinstance(samples, np.ndarray):
    samples = np.concatenate(list(samples))
  with _watched(len(samples) + len(reference.train)) as watch:
    net = net._replace(watch=functools.partial(watch, 'neighbours'))
    page, distances = memorization.picture(samples, reference.train, net)
  pictures.save_png(out, page, generated=True)
  line = (
    f'{out}: of {len(distances)} samples the nearest to a training example is '
    f'at {distances.min():.4g}, the median at {np.median(distances):.4g}.\n'
  )
  if reference.heldout is None:
    line += (
      'No held-out examples, so no ratio; name some by --split or '
      '--floor_split.\n'
    )
  return line


def _gap(reference: 'Reference', draw: 'Draw', source: 'Source') -> 'Record':
  """The record of the critic's gap on unseen data."""
  from jaxgan.evaluation import memorization, restore

  critic = restore.load_critic(pathlib.Path(_WORKDIR.value))
  return memorization.critic_gap(
    critic, reference, draw, source, num=_GAP.value, seed=_SEED.value
  )


@contextlib.contextmanager
def _watched(total: int) -> Iterator['Watch']:
  """A progress bar over so many examples, where a person looks on."""
  from tqdm import tqdm

  with tqdm(total=total, unit='example', disable=None) as bar:
    shown = ''

    def watch(what: str, num: int) -> None:
      nonlocal shown
      # A new stage is shown at once, however short it is.
      bar.set_postfix_str(what, refresh=what != shown)
      bar.update(num)
      shown = what

    yield watch


def _reference(need_train: bool) -> 'Reference':
  """The real data that the flags, or the run's own config, name."""
  from jaxgan.data import examples, sources
  from jaxgan.evaluation import reference_data

  path = pathlib.Path(_REFERENCE.value)
  trained_on = _run_data() if need_train and _WORKDIR.value else None
  if not _REFERENCE.value or not path.exists():
    data, floor = _data()
    if _TRAIN.value:
      trained_on = _with_split(data, _TRAIN.value)
    return reference_data.of_data(data, floor_split=floor, train=trained_on)
  for flag in (_SPLIT, _FLOOR):
    if flag.value:
      raise ValueError(
        f'--{flag.name} is {flag.value!r} and --reference is a file or folder, '
        'which has no splits; leave it empty.'
      )
  if _WORKDIR.value:
    columns, train = _run_columns(), None
    if trained_on is not None:
      train = reference_data.in_units(sources.load(trained_on), columns)
    return reference_data.of_file(path, train, columns=columns)
  if not _TRAIN.value:
    return reference_data.of_file(path)
  other = pathlib.Path(_TRAIN.value)
  seen = other.exists() and other.samefile(path)
  return reference_data.of_file(
    path, examples.load(other, '--train'), seen=seen
  )


def _data() -> tuple['Data', str]:
  """The data set of the reference, and the split of the floor."""
  from jaxgan.config import Data
  from jaxgan.storage import workdir

  if _REFERENCE.value:
    data = Data(name=_REFERENCE.value, path=_PATH.value)
    return _with_split(data, _SPLIT.value or data.split), _FLOOR.value
  if not _WORKDIR.value:
    raise ValueError(
      '--reference is empty and there is no --workdir; give a folder, a file '
      'or the name of a data set.'
    )
  config = workdir.load_config(pathlib.Path(_WORKDIR.value))
  split = _SPLIT.value or config.eval.split or config.data.split
  floor = _FLOOR.value or config.eval.floor_split
  return _with_split(config.data, split), floor


def _run_data() -> 'Data':
  from jaxgan.storage import workdir

  return workdir.load_config(pathlib.Path(_WORKDIR.value)).data


def _run_columns() -> 'Columns | None':
  from jaxgan.data import columns
  from jaxgan.storage import workdir

  return columns.of_facts(workdir.load_data(pathlib.Path(_WORKDIR.value)))


def _with_split(data: 'Data', split: str) -> 'Data':

  return dataclasses.replace(data, split=split)


def _out() -> pathlib.Path:

  if _OUT.value:
    return pathlib.Path(_OUT.value)
  return pathlib.Path(_WORKDIR.value or '.') / 'evaluator.jsonl'


def run() -> None:
  """The console entry."""
  app.run(main)


if __name__ == '__main__':
  run()
