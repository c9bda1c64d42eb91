r"""Measures a trained generator, or any samples, against real data.

  python -m jaxgan.evaluate --workdir=runs/digits --metrics=fid1k_digits
  python -m jaxgan.evaluate --workdir=runs/mnist --floor_split=test \
    --neighbours=neighbours.png --gap=1000
  python -m jaxgan.evaluate --generated=FOLDER_OR_FILE \
    --reference=FOLDER_OR_FILE_OR_DATASET --metrics=fid10k_mnist,kid10k_mnist

Prints a table: each value with its floor (the same metric of other real data)
and its ceiling (of noise). Appends the records, with all settings of the
measurement, to evaluation.jsonl in the workdir, or to --out.
"""

import sys
from typing import Any

from absl import app, flags

from jaxgan import cli

_FLAGS = (
  flags.DEFINE_string('workdir', '', 'Workdir of the run to evaluate.'),
  flags.DEFINE_string(
    'generated', '', 'Samples to evaluate: a folder of images, .npz or table.'
  ),
  flags.DEFINE_string(
    'reference', '', "Real data: folder, file or data set; default: the run's."
  ),
  flags.DEFINE_list('metrics', [], 'Metrics by name, such as fid10k_mnist.'),
  flags.DEFINE_string(
    'neighbours', '', 'Writes a .png of samples and nearest training images.'
  ),
  flags.DEFINE_string(
    'space', 'pixels', 'Feature net for the distances of --neighbours.'
  ),
  flags.DEFINE_integer(
    'gap', 0, "Examples for the critic's gap on held-out data; 0 for none.", 0
  ),
  flags.DEFINE_string(
    'path', '', 'Folder or file of a data set that --reference names.'
  ),
  flags.DEFINE_string(
    'split', '', 'Split of the real data; default: the split of the run.'
  ),
  flags.DEFINE_string(
    'floor_split', '', "Other real data, for the floor; default: the run's."
  ),
  flags.DEFINE_string(
    'train', '', 'Training data of --generated: folder, file, or a split.'
  ),
  flags.DEFINE_enum(
    'weights', 'ema', ['ema', 'raw'], 'Averaged or raw generator weights.'
  ),
  flags.DEFINE_string(
    'inception',
    '',
    'Inception weights: the .npz of jaxgan.convert_inception; default: the '
    "run's.",
  ),
  flags.DEFINE_string(
    'classifier',
    '',
    'Classifier of the features: the .npz of jaxgan.classify; default: the '
    "run's.",
  ),
  flags.DEFINE_string(
    'resize', 'clean', 'Resizing for Inception: clean, legacy or legacy_tf.'
  ),
  flags.DEFINE_bool(
    'baselines',
    False,
    'Also measures what needs no training: copy, mean, nearest of a '
    'translation; independent columns and a copula of a mixed_table.',
  ),
  flags.DEFINE_integer('seed', 0, 'Seed of latents and of random subsets.', 0),
  flags.DEFINE_string('out', '', 'The .jsonl file that records are added to.'),
)


def main(argv: list[str]) -> int:
  """Parses flags, evaluates and returns the exit status."""
  cli.check_no_arguments(argv)
  return cli.run(_evaluate)


def _evaluate() -> None:
  from jaxgan.evaluation import command  # Late: --help is fast.
  from jaxgan.metrics import record

  values: dict[str, Any] = {flag.name: flag.value for flag in _FLAGS}
  records, text = command.run(command.Options(**values))
  table = record.table(records) + '\n' if records else ''
  sys.stdout.write(text + table)


def run() -> None:
  """Entry point of the console command."""
  app.run(main)


if __name__ == '__main__':
  run()
