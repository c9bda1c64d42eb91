r"""Draws images or vectors from a trained generator.

  python -m jaxgan.sample --workdir=runs/digits --num=64 --out=grid.png

The suffix of --out gives the format: .png for a grid of images or a plot of
vectors, .npz for arrays, .csv for one line per vector, none for a folder of
PNGs. Samples of a run on a table are in its units, and a .csv has its header.
--label gives all samples one class; --latents=labels makes rows in which only
the class changes. A run that is still training can be sampled.

  python -m jaxgan.sample --workdir=runs/adult --num=10000 --out=rows.csv \
    --where="income=>50K"

Samples of a run on a mixed_table are rows with its categories, dates and
missing cells.
"""

import pathlib

from absl import app, flags

from jaxgan import cli

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
  import jax  # Late: --help is fast.

  from jaxgan.evaluation import restore
  from jaxgan.storage import export

  key = jax.random.key(_SEED.value)
  folder, out = pathlib.Path(_WORKDIR.value), pathlib.Path(_OUT.value)
  export.check(out, _NUM.value)
  problem = restore.load_problem(folder)
  if problem.networks.table:
    _sample_rows(folder, out)
    return
  if _WHERE.value or _ESCAPE.value:
    raise ValueError(
      '--where and --escape are for runs on a mixed_table; omit them.'
    )
  latents = problem.latents
  if _TRUNCATION.value:
    latents = latents.truncated(_TRUNCATION.value)
  z, columns = latents.grid(_LATENTS.value, key, _NUM.value, _LABEL.value)
  generator = restore.load(folder, _WEIGHTS.value, _PSI.value)
  samples, table = generator.stream(z), generator.columns
  export.write(out, samples, count=len(z), columns=columns, table=table)


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
