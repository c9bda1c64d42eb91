"""Converts the public weights of Inception for the Frechet distance.

  python -m jaxgan.convert_inception \
      --weights=pt_inception-2015-12-05-6726825d.pth --out=inception.npz

The file is that of pytorch-fid, or its copy by torch-fidelity (which begins
with `weights` in place of `pt`); nothing is downloaded here. It is accepted
only with its published SHA-256; weights of another training have to be named
by --sha256. PyTorch must be installed for the conversion and is not needed
after it.
"""

from absl import app, flags

from jaxgan import cli

_WEIGHTS = flags.DEFINE_string(
  'weights', None, 'The .pth file, a state dict.', required=True
)
_OUT = flags.DEFINE_string('out', None, 'The .npz to write.', required=True)
_SHA256 = flags.DEFINE_string(
  'sha256', None, 'Of --weights, where they are not the public ones.'
)


def main(argv: list[str]) -> int:
  """Parses flags, converts, and returns the exit status."""
  cli.no_more(argv)
  return cli.run(_convert)


def _convert() -> None:
  import pathlib  # The rest only now: --help shall not wait for jax.

  from jaxgan.metrics import inception_weights
  from jaxgan.storage import workdir

  source, out = pathlib.Path(_WEIGHTS.value), pathlib.Path(_OUT.value)
  if out.suffix != '.npz':
    raise ValueError(f'--out is {str(out)!r}; it must end in .npz.')
  workdir.make(out.absolute().parent)
  sha256 = inception_weights.check_source(source, _SHA256.value)
  inception_weights.save(
    out,
    inception_weights.from_torch(inception_weights.read_torch(source)),
    sha256,
  )


def run() -> None:
  """The console entry."""
  app.run(main)


if __name__ == '__main__':
  run()
