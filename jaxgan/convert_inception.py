r"""Converts the public PyTorch weights of Inception for FID to .npz.

  python -m jaxgan.convert_inception \
      --weights=pt_inception-2015-12-05-6726825d.pth --out=inception.npz

The file is the one of pytorch-fid or its copy by torch-fidelity, whose name
begins with `weights` instead of `pt`. Nothing is downloaded. The file must have
the published SHA-256; other weights need their hash in --sha256. PyTorch must
be installed for the conversion, but not afterwards.
"""

from absl import app, flags

from jaxgan import cli

_WEIGHTS = flags.DEFINE_string(
  'weights', None, 'The .pth file with the state dict.', required=True
)
_OUT = flags.DEFINE_string(
  'out', None, 'The .npz file to write.', required=True
)
_SHA256 = flags.DEFINE_string(
  'sha256', None, 'SHA-256 of --weights if they are not the public weights.'
)


def main(argv: list[str]) -> int:
  """Parses the flags, converts and returns the exit status."""
  cli.check_no_arguments(argv)
  return cli.run(_convert)


def _convert() -> None:
  import pathlib  # Imported here, so that --help does not wait for jax.

  from jaxgan.metrics import inception_weights
  from jaxgan.storage import workdir

  source, out = pathlib.Path(_WEIGHTS.value), pathlib.Path(_OUT.value)
  if out.suffix != '.npz':
    raise ValueError(f'--out is {str(out)!r}; it must end in .npz.')
  workdir.make(out.parent)
  sha256 = inception_weights.check_source(source, _SHA256.value)
  state = inception_weights.read_torch(source)
  inception_weights.save(out, inception_weights.from_torch(state), sha256)


def run() -> None:
  """Console entry point."""
  app.run(main)


if __name__ == '__main__':
  run()
