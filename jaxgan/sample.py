r"""Draws images or vectors from a trained generator.

  python -m jaxgan.sample --workdir=runs/digits --num=64 --out=grid.png
  python -m jaxgan.sample --workdir=runs/digits --num=16 --walk=60 --out=w.gif
  python -m jaxgan.sample --workdir=runs/digits --training --out=training.gif

The suffix of --out gives the format: .png for a grid of images or a plot of
vectors, .npz for arrays, .csv for one line per vector, none for a folder of
PNGs. Samples of a run on a table are in its units, and a .csv has its header.
--label gives all samples one class; --latents=labels makes rows in which only
the class changes. A run that is still training can be sampled.

  python -m jaxgan.sample --workdir=runs/adult --num=10000 --out=rows.csv \
    --where="income=>50K"

Samples of a run on a mixed_table are rows with its categories, dates and
missing cells.

--walk moves all latents on circles, so that the last frame leads to the first.
--training shows the grids that the run has drawn. Both write a .gif, or a .mp4
with the extra video.
"""

import pathlib
from typing import TYPE_CHECKING, Any

from absl import app, flags

from jaxgan import cli

if TYPE_CHECKING:
  from jaxgan.nets.latents import Latents

_WORKDIR = flags.DEFINE_string(
  'workdir', None, 'Workdir of the run.', required=True
)
_OUT = flags.DEFINE_string(
  'out', None, 'Output: a .png, .npz or .csv file, or a folder.', required=True
)
_NUM = flags.DEFINE_integer('num', 64, 'Number of samples.', lower_bound=1)
_SEED = flags.DEFINE_integer('seed', 0, 'Seed of the latents.')
_WEIGHTS = flags.DEFINE_enum(
  'weights', 'ema', ['ema', 'raw'], 'Averaged or raw generator weights.'
)
_TRUNCATION = flags.DEFINE_float(
  'truncation', 0.0, 'Redraws latent values of larger magnitude; 0: none.', 0
)
_PSI = flags.DEFINE_float(
  'psi', 1.0, 'Truncation psi of the styles; 1 for none (stylegan only).', 0, 2
)
_LATENTS = flags.DEFINE_enum(
  'latents',
  'random',
  ['random', 'interpolation', 'choices', 'numbers', 'labels'],
  'Independent latents, or --num steps between two, or rows that vary only the '
  'categorical code, the first continuous code (InfoGAN) or the class.',
)
_LABEL = flags.DEFINE_integer(
  'label', -1, 'Class of all samples; -1 for 0, 1, 2, ... in turn.', -1
)
_WALK = flags.DEFINE_integer(
  'walk', 0, 'Frames of a walk through the latents; 0 for no walk.', 0, 1000
)
_TRAINING = flags.DEFINE_bool(
  'training', False, 'Shows the training: the grids in the workdir.'
)
_FPS = flags.DEFINE_integer(
  'fps', 12, 'Frames per second of a moving picture.', 1, 50
)


@flags.multi_flags_validator(
  ['walk', 'training', 'latents'],
  '--walk must be 0 or at least 2, and excludes --training and --latents.',
)
def _is_one_picture(values: dict[str, Any]) -> bool:
  if not values['walk']:
    return not values['training'] or values['latents'] == 'random'
  alone = not values['training'] and values['latents'] == 'random'
  return alone and values['walk'] >= 2


_WHERE = flags.DEFINE_multi_string(
  'where', [], 'COLUMN=CATEGORY of all rows (mixed_table only).'
)
_ESCAPE = flags.DEFINE_bool(
  'escape',
  False,
  'Puts an apostrophe before texts that begin with = + - or @, which '
  'spreadsheets compute (mixed_table only).',
)


def main(argv: list[str]) -> int:
  """Parses flags, samples and returns the exit status."""
  cli.check_no_arguments(argv)
  return cli.run(_sample)


def _sample() -> None:
  folder, out = pathlib.Path(_WORKDIR.value), pathlib.Path(_OUT.value)
  if _TRAINING.value:
    from jaxgan.storage import movies  # Late: --help is fast.

    movies.check(out)
    movies.write(out, movies.training(folder, _FPS.value), _FPS.value)
  elif _WALK.value:
    _walk(folder, out)
  else:
    _draw(folder, out)


def _walk(folder: pathlib.Path, out: pathlib.Path) -> None:
  import jax  # Late: --help is fast.

  from jaxgan.evaluation import walk
  from jaxgan.storage import movies

  movies.check(out)
  latents, key = _latents(folder), jax.random.key(_SEED.value)
  z = latents.walk(key, _NUM.value, _WALK.value, _LABEL.value)
  frames = walk.frames(folder, z, _WEIGHTS.value, _PSI.value)
  movies.write(out, frames, _FPS.value)


def _draw(folder: pathlib.Path, out: pathlib.Path) -> None:
  import jax  # Late: --help is fast.

  from jaxgan.evaluation import restore
  from jaxgan.storage import export

  key = jax.random.key(_SEED.value)
  export.check(out, _NUM.value)
  if restore.load_problem(folder).networks.table:
    _sample_rows(folder, out)
    return
  if _WHERE.value or _ESCAPE.value:
    raise ValueError(
      '--where and --escape are for runs on a mixed_table; omit them.'
    )
  latents = _latents(folder)
  z, columns = latents.grid(_LATENTS.value, key, _NUM.value, _LABEL.value)
  generator = restore.load(folder, _WEIGHTS.value, _PSI.value)
  samples, table = generator.stream(z), generator.columns
  export.write(out, samples, count=len(z), columns=columns, table=table)


def _latents(folder: pathlib.Path) -> 'Latents':
  from jaxgan.evaluation import restore

  latents = restore.load_problem(folder).latents
  return latents.truncated(_TRUNCATION.value) if _TRUNCATION.value else latents


def _sample_rows(folder: pathlib.Path, out: pathlib.Path) -> None:
  from jaxgan.evaluation import restore, rows
  from jaxgan.storage import export

  if _LATENTS.value != 'random' or _LABEL.value >= 0 or _TRUNCATION.value:
    raise ValueError(
      '--latents, --label and --truncation are not for rows of a table; use '
      '--where=COLUMN=CATEGORY.'
    )
  generator = restore.load(folder, _WEIGHTS.value, _PSI.value)
  where = rows.parse_where(_WHERE.value)
  samples = rows.draw(generator, _NUM.value, _SEED.value, where)
  table, num = rows.columns_of(generator), _NUM.value
  export.write(out, samples, count=num, table=table, escape=_ESCAPE.value)


def run() -> None:
  """Entry point of the console command."""
  app.run(main)


if __name__ == '__main__':
  run()
