"""Translates pictures by a trained image-to-image generator.

  python -m jaxgan.translate --workdir=runs/colorize --input=photo.jpg \
    --out=photo.png
  python -m jaxgan.translate --workdir=runs/superres --input=FOLDER \
    --out=OTHER_FOLDER

Pictures may have any size. A run with translation.input low_resolution enlarges
them by its factor; gray and edges make their own input from a picture; hole
fills what is white in --mask, or transparent in the picture.
"""

import pathlib

from absl import app, flags

from jaxgan import cli

_WORKDIR = flags.DEFINE_string(
  'workdir', None, 'Workdir of a run with game translation.', required=True
)
_INPUT = flags.DEFINE_string(
  'input', None, 'A picture, or a folder of pictures.', required=True
)
_OUT = flags.DEFINE_string(
  'out', None, 'Output: a new .png, or a new or empty folder.', required=True
)
_MASK = flags.DEFINE_string(
  'mask', '', 'A picture that is white in the hole to be filled.'
)
_REVERSE = flags.DEFINE_bool(
  'reverse', False, 'From the targets to the inputs (unpaired only).'
)
_WEIGHTS = flags.DEFINE_enum(
  'weights', 'ema', ['ema', 'raw'], 'Averaged or raw generator weights.'
)


def main(argv: list[str]) -> int:
  """Parses flags, translates and returns the exit status."""
  cli.check_no_arguments(argv)
  return cli.run(_translate)


def _translate() -> None:
  from jaxgan.evaluation import translate  # Late: --help is fast.

  paths = (pathlib.Path(x.value) for x in (_WORKDIR, _INPUT, _OUT))
  mask = pathlib.Path(_MASK.value) if _MASK.value else None
  translate.translate_files(
    *paths, mask=mask, weights=_WEIGHTS.value, reverse=_REVERSE.value
  )


def run() -> None:
  """Entry point of the console command."""
  app.run(main)


if __name__ == '__main__':
  run()
