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
_WEIGHTS = flags.DEFINE_enum(
  'weights', 'ema', ['ema', 'raw'], 'Averaged or raw generator weights.'
)


def main(argv: list[str]) -> int:
  """Parses flags, translates and returns the exit status."""
  cli.check_no_arguments(argv)
  return cli.run(_translate)


def _translate() -> None:
  from jaxgan.evaluation import restore, translate  # Late: --help is fast.
  from jaxgan.progress import Progress
  from jaxgan.storage import export, pictures, workdir

  source, out = pathlib.Path(_INPUT.value), pathlib.Path(_OUT.value)
  files = translate.find(source)
  is_file = source.is_file()
  if is_file != (out.suffix.lower() == '.png'):
    raise ValueError(
      f'--input is {str(source)!r} and --out is {str(out)!r}; a picture needs '
      'a .png, and a folder a folder.'
    )
  if is_file and out.exists():
    raise ValueError(f'{out} already exists; give a new .png as --out.')
  export.check(out, len(files))
  generator = restore.load(pathlib.Path(_WORKDIR.value), _WEIGHTS.value)
  channels = translate.of(generator).shape[2]
  workdir.make(out.parent if is_file else out)
  with Progress(len(files), 'picture', hidden=is_file) as bar:
    for file in files:
      picture, mask = translate.read(file, channels), None
      if _MASK.value:
        mask = translate.read_mask(pathlib.Path(_MASK.value), picture)
      result = translate.translate(generator, picture, mask)
      target = out if is_file else out / f'{file.stem}.png'
      pictures.save_png(target, result, generated=True)
      bar.update()


def run() -> None:
  """Entry point of the console command."""
  app.run(main)


if __name__ == '__main__':
  run()
