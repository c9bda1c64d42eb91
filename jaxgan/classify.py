r"""Trains an image classifier, whose features the metrics can use.

  python -m jaxgan.classify --data=digits --out=digits.npz
  python -m jaxgan.classify --data=mnist --path=FOLDER --out=mnist.npz
  python -m jaxgan.classify --data=folder --path=FOLDER --image_size=64 \
    --out=flowers.npz

A folder has one sub-folder per class. Gray images in ten classes get a small
digit net, all others a residual net. Measure with its file by
--classifier=flowers.npz --metrics=fid2k_classifier (jaxgan.evaluate).

On two CPU cores, digits takes seconds and MNIST minutes. Equal settings give
equal bytes on one machine; on another machine the last bits may differ. An
existing file is never replaced. The same command may run again if it gives the
same file.
"""

import logging
import pathlib
from collections.abc import Mapping

from absl import app, flags

from jaxgan import cli

_DATA = flags.DEFINE_string('data', 'digits', 'Name of the data set.')
_PATH = flags.DEFINE_string('path', '', 'Folder of its files.')
_SPLIT = flags.DEFINE_string('split', '', 'Training split: train[:80%].')
_TEST_SPLIT = flags.DEFINE_string(
  'test_split', '', 'Split of the held-out images, used for the accuracy.'
)
_EPOCHS = flags.DEFINE_integer(
  'epochs', 0, 'Passes over the training images; 0 for the default.', 0
)
_SEED = flags.DEFINE_integer(
  'seed', 0, 'Seed; equal seeds give equal weights.', 0, 2**31 - 1
)
_IMAGE_SIZE = flags.DEFINE_integer(
  'image_size', 0, 'Side to which images are resized; 0 for their own.', 0
)
_OUT = flags.DEFINE_string(
  'out', None, 'The .npz file to write.', required=True
)

_LOG = logging.getLogger('jaxgan.classify')  # __name__ may be __main__.

# data set -> defaults of the two splits and of the epochs.
_DEFAULTS: Mapping[str, tuple[str, str, int]] = {
  'digits': ('train[:80%]', 'train[80%:]', 100),
  'folder': ('train[:80%]', 'train[80%:]', 40),
}


def main(argv: list[str]) -> int:
  """Parses the flags, trains, saves and returns the exit status."""
  cli.check_no_arguments(argv)
  return cli.run(_classify)


def _classify() -> None:
  # Imported here, so that --help does not wait for jax.
  from jaxgan.metrics import classifier_files, classifier_training
  from jaxgan.storage import workdir

  split, test_split, epochs = _DEFAULTS.get(_DATA.value, ('train', 'test', 10))
  settings = classifier_training.Settings(
    data=_DATA.value,
    path=_PATH.value,
    split=_SPLIT.value or split,
    test_split=_TEST_SPLIT.value or test_split,
    seed=_SEED.value,
    epochs=_EPOCHS.value or epochs,
    image_size=_IMAGE_SIZE.value,
  )
  out = pathlib.Path(_OUT.value)
  workdir.local(out)
  if out.suffix != '.npz':
    raise ValueError(f'--out is {str(out)!r}; it must end in .npz.')
  if out.exists():  # Fails before the training, not after it.
    classifier_files.check_settings(
      out, classifier_training.record_of(settings)
    )
  workdir.make(out.parent)
  classifier = classifier_training.train(settings)
  classifier_files.save(out, classifier)
  _LOG.info(
    '%s: %.2f %% of %d held-out images of %s are correct.\n  SHA-256 %s',
    out,
    100 * classifier.accuracy,
    classifier.record['test_images'],
    classifier.name,
    classifier.digest,
  )


def run() -> None:
  """Console entry point."""
  app.run(main)


if __name__ == '__main__':
  run()
