"""Runs the evaluation that the flags of `jaxgan.evaluate` describe."""

import dataclasses
import functools
import pathlib
from collections.abc import Sequence
from typing import NamedTuple

import jax
import numpy as np

from jaxgan.config import Data
from jaxgan.data import columns, examples, sources
from jaxgan.data.mixed import Mixed
from jaxgan.evaluation import (
  baselines,
  plan,
  reference_data,
  restore,
  row_baselines,
)
from jaxgan.evaluation.evaluator import Draw, Evaluator, Source, make_draw
from jaxgan.evaluation.memorization import critic_gap, neighbor_picture
from jaxgan.evaluation.reference_data import Reference
from jaxgan.metrics import features, protocol, record
from jaxgan.metrics.features import Files
from jaxgan.metrics.record import Record
from jaxgan.progress import stages
from jaxgan.storage import pictures, workdir

_NUM_NEIGHBORS = 1000  # Samples whose nearest neighbors are computed.


class Options(NamedTuple):
  """The flags of `jaxgan.evaluate`, whose --help explains them."""

  workdir: str = ''
  generated: str = ''
  reference: str = ''
  metrics: Sequence[str] = ()
  neighbours: str = ''
  space: str = 'pixels'
  gap: int = 0
  path: str = ''
  split: str = ''
  floor_split: str = ''
  train: str = ''
  weights: str = 'ema'
  inception: str = ''
  classifier: str = ''
  resize: str = 'clean'
  baselines: bool = False
  seed: int = 0
  out: str = ''


def run(options: Options) -> tuple[list[Record], str]:
  """Runs the evaluation and appends its records to a file.

  Returns:
    The records, and a sentence about the nearest neighbors, if drawn.

  Raises:
    ValueError: flags that contradict each other, or a run, file, data set or
      metric that cannot be used.
  """
  _check(options)
  reads = [n for m in options.metrics for n in protocol.parse(m).kind.reads]
  need_train = bool('train' in reads or options.neighbours or options.gap)
  reference = _reference(options, need_train)
  if options.workdir:
    config = workdir.load_config(pathlib.Path(options.workdir))
    reference = reference_data.translated(reference, config)
  is_table = isinstance(reference.columns, Mixed)
  if options.baselines and reference.pairs is None and not is_table:
    raise ValueError(
      '--baselines are of translations and of tables with categories; give the '
      '--workdir of such a run.'
    )
  if options.neighbours and reference.pairs is not None:
    raise ValueError(
      '--neighbours looks for training images among samples of latents; an '
      'output of a translation has its own true image, so compare it with '
      '--baselines, one of which is the nearest training image.'
    )
  if reference.train is not None:
    train, real = reference.train, reference.examples
    reference_data.check_alike('training examples', train, real)
  draw, source = _samples(options, reference)
  names, text = list(options.metrics), ''
  if options.neighbours:
    text, num = _draw_neighbors(options, reference, draw)
    if reference.heldout is not None:
      num = min(num, len(reference.heldout))
      names.append(f'memorising{num}_{options.space}')
  records = _measure(options, names, reference, draw, source)
  if options.gap:
    critic = restore.load_critic(pathlib.Path(options.workdir))
    count = {'num': options.gap, 'seed': options.seed}
    records.append(critic_gap(critic, reference, draw, source, **count))
  default = pathlib.Path(options.workdir or '.') / 'evaluation.jsonl'
  record.append(pathlib.Path(options.out or default), records)
  return records, text


def _check(options: Options) -> None:
  """Checks the flags before any file is read."""
  if bool(options.workdir) == bool(options.generated):
    raise ValueError(
      'Samples come from --workdir or from --generated; give one of the two.'
    )
  if not (options.metrics or options.neighbours or options.gap):
    raise ValueError(
      'There is nothing to measure; give --metrics, --neighbours or --gap.'
    )
  if options.neighbours and not options.neighbours.lower().endswith('.png'):
    raise ValueError(
      f'--neighbours is {options.neighbours!r}; it must end in .png.'
    )
  workdir.local(options.out)
  if options.gap and (not options.workdir or options.gap < 2):
    raise ValueError(
      f'--gap is {options.gap}; it must be at least 2, and needs the critic of '
      'a --workdir.'
    )
  if options.train and options.workdir:
    raise ValueError(
      f'--train is {options.train!r} and there is a --workdir, which knows its '
      'training data; give one of the two.'
    )
  if options.neighbours and options.generated and not options.train:
    raise ValueError(
      '--neighbours needs the training data of --generated; give --train.'
    )


def _samples(options: Options, reference: Reference) -> tuple[Draw, Source]:
  """Restores the generator, or loads the file of samples."""
  if options.workdir:
    folder = pathlib.Path(options.workdir)
    generator = restore.load(folder, options.weights)
    precision = generator.problem.config.train.precision
    source = Source(folder.name, options.weights, generator.step, precision)
    draw = make_draw(
      generator, options.seed, reference.columns, images=reference.pairs
    )
    return draw, source
  path = pathlib.Path(options.generated)
  samples = examples.load(path, '--generated', reference.columns)
  source = Source(path.name, 'none', -1)
  return lambda num, balanced=False: samples[:num], source


def _measure(
  options: Options,
  names: Sequence[str],
  reference: Reference,
  draw: Draw,
  source: Source,
) -> list[Record]:
  if not names:
    return []
  with stages(plan.num_examples(names, reference)) as progress:
    evaluator = Evaluator(
      names,
      reference,
      seed=options.seed,
      files=_files(options),
      resize=options.resize,
      progress=progress,
    )
    records = evaluator(draw, source)
    if options.baselines:
      for name, answer in _baselines(options, reference).items():
        records += evaluator(answer, source._replace(name=name, weights='none'))
    return records


def _baselines(options: Options, reference: Reference) -> dict[str, Draw]:
  """Answers that need no training, as functions that draw samples."""
  problem = restore.load_problem(pathlib.Path(options.workdir))
  if isinstance(reference.columns, Mixed):
    train = sources.load(problem.config.data).in_memory
    return row_baselines.draws(reference.columns, train, options.seed)
  translation = problem.translation
  assert translation is not None  # Checked by `run`.
  assert reference.pairs is not None
  train = sources.load(problem.config.data).in_memory
  z = translation.of_images(jax.random.key(options.seed), reference.pairs)

  def draw(answer: baselines.Answer) -> Draw:
    return lambda num, balanced=False: answer(translation, z[:num], train)

  return {name: draw(answer) for name, answer in baselines.ANSWERS.items()}


def _files(options: Options) -> Files:
  """The files of weights: of the flags, else of the run."""
  own = Files(options.inception, options.classifier)
  if not options.workdir:
    return own
  of_run = workdir.load_config(pathlib.Path(options.workdir)).eval
  return Files(
    own.inception or of_run.inception, own.classifier or of_run.classifier
  )


def _draw_neighbors(
  options: Options, reference: Reference, draw: Draw
) -> tuple[str, int]:
  """Writes the picture of neighbors; returns a sentence and sample count."""
  assert reference.train is not None  # Loaded for --neighbours.
  out = pathlib.Path(options.neighbours)
  workdir.make(out.parent)
  net = features.load(options.space, _files(options), resize=options.resize)
  samples = draw(_NUM_NEIGHBORS)
  if not isinstance(samples, np.ndarray):
    samples = np.concatenate(list(samples))
  with stages(len(samples) + len(reference.train)) as progress:
    net = net._replace(on_progress=functools.partial(progress, 'neighbors'))
    page, distances = neighbor_picture(samples, reference.train, net)
  pictures.save_png(out, page, generated=True)
  text = (
    f'{out}: distances of {len(distances)} samples to the nearest training '
    f'example: smallest {distances.min():.4g}, median '
    f'{np.median(distances):.4g}.\n'
  )
  if reference.heldout is None:
    text += f'There is no ratio of distances; it needs {protocol.HELDOUT}.\n'
  return text, len(samples)


def _reference(options: Options, need_train: bool) -> Reference:
  """Loads the real data named by the flags or by the config of the run."""
  if options.reference and pathlib.Path(options.reference).exists():
    return _file_reference(options, need_train)
  data, floor = _data_set(options)
  train = None
  if options.train:
    train = dataclasses.replace(data, split=options.train)
  elif need_train and options.workdir:
    train = workdir.load_config(pathlib.Path(options.workdir)).data
  flags = {'data.split is': 'The split is'}
  if options.reference:
    flags |= {'data.name': '--reference', 'data.path': '--path'}
  try:
    return reference_data.of_data(data, floor_split=floor, train=train)
  except (ValueError, FileNotFoundError) as error:
    raise examples.in_flags(error, flags) from error


def _file_reference(options: Options, need_train: bool) -> Reference:
  """Loads real data from a folder or a file."""
  path = pathlib.Path(options.reference)
  for name in ('split', 'floor_split'):
    if value := getattr(options, name):
      raise ValueError(
        f'--{name} is {value!r} and --reference is a file or folder, which has '
        'no splits; leave it empty.'
      )
  if options.workdir:
    folder, train = pathlib.Path(options.workdir), None
    units = columns.from_record(workdir.load_data(folder))
    if need_train:
      data = sources.load(workdir.load_config(folder).data)
      train = columns.convert(data.in_memory, data.columns, units)
    return reference_data.of_file(path, train, columns=units)
  if not options.train:
    return reference_data.of_file(path)
  other = pathlib.Path(options.train)
  train = examples.load(other, '--train')
  return reference_data.of_file(path, train, is_train=other.samefile(path))


def _data_set(options: Options) -> tuple[Data, str]:
  """Returns the data set of the reference and the split for the floor."""
  if options.reference:
    data = Data(name=options.reference, path=options.path)
    split = options.split or data.split
    return dataclasses.replace(data, split=split), options.floor_split
  if not options.workdir:
    raise ValueError(
      '--reference is empty and there is no --workdir; give a folder, a file '
      'or the name of a data set.'
    )
  config = workdir.load_config(pathlib.Path(options.workdir))
  split = options.split or config.eval.split or config.data.split
  data = dataclasses.replace(config.data, split=split)
  return data, options.floor_split or config.eval.floor_split
