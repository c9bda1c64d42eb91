"""Trains the digit classifier whose features the metrics use.

  python -m jaxgan.classify --data=digits --out=digits.npz
  python -m jaxgan.classify --data=mnist --path=FOLDER --out=mnist.npz

On two cores, digits takes seconds and MNIST minutes. Equal settings give equal
bytes on one machine; on another the last bits may differ. A file that is there
is never replaced: the same command again ends well if it makes the same file.
"""

import logging
import pathlib
from collections.abc import Mapping
from typing import Any

from absl import app, flags

from jaxgan import cli

_DATA = flags.DEFINE_string('data', 'digits', 'Name of the data set.')
_PATH = flags.DEFINE_string('path', '', 'The folder of its files.')
_SPLIT = flags.DEFINE_string('split', '', 'To train on, e.g. train[:80%].')
_TEST_SPLIT = flags.DEFINE_string('test_split', '', 'To hold out.')
_EPOCHS = flags.DEFINE_integer('epochs', 0, 'Passes over the images.', 0)
_SEED = flags.DEFINE_integer(
  'seed', 0, 'Equal seeds give equal weights.', 0, 2**31 - 1
)
_OUT = flags.DEFINE_string('out', None, 'The .npz to write.', required=True)

_LOG = logging.getLogger('jaxgan.classify')  # Not __main__.

# Where the flags say nothing: the two splits, and the epochs.
_PLANS: Mapping[str, tuple[str, str, int]] = {
  'digits': ('train[:80%]', 'train[80%:]', 100),
  'folder': ('train[:80%]', 'train[80%:]', 20),
}
_PLAN = ('train', 'test', 10)


def main(argv: list[str]) -> int:
  """Parses flags, trains, saves, and returns the exit status."""
  cli.no_more(argv)
  return cli.run(_classify)


def _classify() -> None:
  # Only now: --help shall not wait for jax.
  from jaxgan.metrics import digit_files, digit_training
  from jaxgan.storage import workdir

  split, test_split, epochs = _PLANS.get(_DATA.value, _PLAN)
  settings = digit_training.Settings(
    data=_DATA.value,
    path=_PATH.value,
    split=_SPLIT.value or split,
    test_split=_TEST_SPLIT.value or test_split,
    seed=_SEED.value,
    epochs=_EPOCHS.value or epochs,
  )
  out = pathlib.Path(_OUT.value)
  _check(out, digit_training.record_of(settings))
  workdir.make(out.absolute().parent)
  classifier = digit_training.train(settings)
  digit_files.save(out, classifier)
  _LOG.info(
    '%s: right on %.2f %% of %d held-out images of %s.\n  SHA-256 %s',
    out,
    100 * classifier.accuracy,
    classifier.record['test_images'],
    classifier.name,
    classifier.digest,
  )


def _check(out: pathlib.Path, record: Mapping[str, Any]) -> None:
  """Refuses, before any work, a file that could only be replaced."""
  from jaxgan.metrics import digit_files

  if out.suffix != '.npz':
    raise ValueError(f'--out is {str(out)!r}; it must end in .npz.')
  if not out.exists():
    return
  old = digit_files.load(out).record
  unlike = [
    f'{key} ({old.get(key)} there, {value} now)'
    for key, value in record.items()
    if old.get(key) != value
  ]
  if unlike:
    raise ValueError(
      f'{out} holds a classifier of other settings, which differ in '
      f'{", ".join(unlike)}; choose another --out.'
    )


def run() -> None:
  """The console entry."""
  app.run(main)


if __name__ == '__main__':
  run()
