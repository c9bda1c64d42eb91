"""Exports the networks of a run for use without jaxgan, or its model card.

  python -m jaxgan.export --workdir=runs/digits --format=stablehlo --out=FOLDER

The new FOLDER gets one file per network, metadata.json, and README.md, a model
card in the form of the Hugging Face Hub. stablehlo is a program for jax, onnx a
program for ONNX Runtime, safetensors the weights alone. card writes the model
card alone: --format=card --out=README.md. docs/export.md shows how to load
each.
"""

import pathlib

from absl import app, flags

from jaxgan import cli

_WORKDIR = flags.DEFINE_string(
  'workdir', None, 'Workdir of the run.', required=True
)
_FORMAT = flags.DEFINE_enum(
  'format',
  'stablehlo',
  ['stablehlo', 'onnx', 'safetensors', 'card'],
  'Format of the export.',
)
_OUT = flags.DEFINE_string(
  'out',
  None,
  'Output: a new or empty folder; a new .md for the card.',
  required=True,
)
_NETS = flags.DEFINE_enum(
  'nets', 'gen', ['gen', 'critic', 'all'], 'The networks to export.'
)
_WEIGHTS = flags.DEFINE_enum(
  'weights', 'ema', ['ema', 'raw'], 'Averaged or raw generator weights.'
)
_LICENSE = flags.DEFINE_string(
  'license', 'unknown', 'License of the weights, which the card states.'
)
_DATA_LICENSE = flags.DEFINE_string(
  'data_license', 'unknown', 'License of the data, which the card states.'
)


def main(argv: list[str]) -> int:
  """Parses flags, exports and returns the exit status."""
  cli.check_no_arguments(argv)
  return cli.run(_export)


def _export() -> None:
  from jaxgan.exporting import metadata, write  # Late: --help is fast.

  write.export_run(
    pathlib.Path(_WORKDIR.value),
    pathlib.Path(_OUT.value),
    kind=_FORMAT.value,
    which=_NETS.value,
    weights=_WEIGHTS.value,
    licenses=metadata.Licenses(_LICENSE.value, _DATA_LICENSE.value),
  )


def run() -> None:
  """Entry point of the console command."""
  app.run(main)


if __name__ == '__main__':
  run()
