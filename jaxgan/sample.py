"""Draws images or vectors from a trained generator.

  python -m jaxgan.sample --workdir=runs/digits --num=64 --out=grid.png

The ending of --out says what it becomes: a grid, strip or cloud (.png), arrays
(.npz), lines of numbers (.csv) or a folder of PNGs. Vectors that were learnt
from a table are in its units, and a .csv has its header. --label asks for one
class, and --latents=labels for rows in which only the class changes. It can run
beside a training that goes on.
"""

from absl import app, flags

from jaxgan import cli

_WORKDIR = flags.DEFINE_string(
  'workdir', None, 'Of the run to sample from.', required=True
)
_OUT = flags.DEFINE_string(
  'out', None, 'A .png, a .npz, a .csv or a folder.', required=True
)
_NUM = flags.DEFINE_integer('num', 64, 'How many samples.', lower_bound=1)
_SEED = flags.DEFINE_integer('seed', 0, 'Equal seeds give equal samples.')
_WEIGHTS = flags.DEFINE_enum(
  'weights', 'ema', ['ema', 'raw'], 'Averaged weights, or those of the step.'
)
_TRUNCATION = flags.DEFINE_float(
  'truncation', 0.0, 'Latent numbers beyond it are drawn again; 0 for none.', 0
)
_PSI = flags.DEFINE_float(
  'psi', 1.0, 'How far styles stay from their mean (stylegan only).', 0, 2
)
_LATENTS = flags.DEFINE_enum(
  'latents',
  'random',
  ['random', 'interpolation', 'choices', 'numbers', 'labels'],
  'Independent latents; --num of them from one to another; or rows in which '
  'only the choice, or the first number, of an InfoGAN changes, or the label.',
)
_LABEL = flags.DEFINE_integer(
  'label', -1, 'The class of all samples; -1 for all classes in turn.', -1
)


def main(argv: list[str]) -> int:
  """Parses flags, samples, and returns the exit status."""
  cli.no_more(argv)
  return cli.run(_sample)


def _sample() -> None:
  import pathlib  # The rest only now: --help shall not wait for jax.

  import jax

  from jaxgan.evaluation import restore
  from jaxgan.storage import export

  count, key = _NUM.value, jax.random.key(_SEED.value)
  folder = pathlib.Path(_WORKDIR.value)
  run = restore.load(folder, _WEIGHTS.value, _PSI.value)
  latents = run.latents
  if _TRUNCATION.value:
    latents = latents.truncated(_TRUNCATION.value)
  z, columns = latents.asked(_LATENTS.value, key, count, _LABEL.value)
  export.write(
    pathlib.Path(_OUT.value),
    run.stream(z),
    count=len(z),
    columns=columns,
    table=run.columns,
  )


def run() -> None:
  """The console entry."""
  app.run(main)


if __name__ == '__main__':
  run()
