"""Times iterations of WGAN-GP, and what is around them.

  python -m jaxgan.benchmark --net=mnist --batch=64 --steps=10

Prints one line of JSON: the settings, seconds per iteration (median, least,
most), seconds to compile, the peak of device memory in bytes (null where the
backend does not tell), the floating-point operations of an iteration by XLA's
own count, the machine's best measured rate of a matrix product, and the share
of it that was reached. Other things are timed with --mode:

  step    nothing but the step, on random images that sit on the device
  loop    the same nets on tfds' mock data, with the real pipeline, logging and
          checkpoints, in turn with the step; `ratio` is loop / step
  runs    --seeds whole runs of --steps iterations, each a program of its own,
          against one program that trains them all
  train   one such program
  layers  single convolutions, by windows and at points
  data    images a second: read from a folder of files, and delivered
"""

import json
import sys
from typing import TYPE_CHECKING, Any

from absl import app, flags

from jaxgan import cli

if TYPE_CHECKING:
  from jaxgan.benchmark.settings import Settings

_NET = flags.DEFINE_enum(
  'net',
  'mnist',
  ['toy', 'small_toy', 'mnist', 'cifar_resnet', 'dcgan64', 'resnet64'],
  'The reference nets, and the toys of the study.',
)
_BATCH = flags.DEFINE_integer('batch', 64, 'Images per update.', 1)
_CRITIC_STEPS = flags.DEFINE_integer('critic_steps', 5, 'Updates.', 1)
_STEPS = flags.DEFINE_integer('steps', 10, 'Timed iterations.', 1)
_WARMUP = flags.DEFINE_integer('warmup', 2, 'Iterations before them.', 1)
_PRECISION = flags.DEFINE_enum(
  'precision',
  'fp32',
  ['fp32', 'tf32', 'bf16'],
  'Of matrix products; bf16 also stores activations so.',
)
_CONV = flags.DEFINE_enum(
  'conv',
  'auto',
  ['auto', 'lax', 'matmul', 'winograd'],
  'How convolutions are computed.',
)
_MODE = flags.DEFINE_enum(
  'mode',
  'step',
  ['step', 'loop', 'runs', 'train', 'layers', 'data'],
  'What is timed.',
)
_SEEDS = flags.DEFINE_integer(
  'seeds', 1, 'Runs in one program; seconds are of all of them.', 1
)
_REPLICAS = flags.DEFINE_enum(
  'replicas', 'auto', ['auto', 'vmap', 'map'], 'How several seeds are run.'
)
_DEVICES = flags.DEFINE_integer(
  'devices',
  0,
  'Virtual CPU devices of the one program in runs mode; 0 for what is there.',
  0,
)
_FILES = flags.DEFINE_enum('files', 'png', ['png', 'jpeg'], 'In data mode.')
_IMAGES = flags.DEFINE_integer('images', 2000, 'Files in data mode.', 64)


def main(argv: list[str]) -> int:
  """Parses flags, measures, prints, and returns the exit status."""
  cli.no_more(argv)
  return cli.run(_benchmark)


def _benchmark() -> None:
  if _SEEDS.value > 1 and _MODE.value not in ('step', 'runs', 'train'):
    raise ValueError(
      f'--seeds is {_SEEDS.value} and --mode is {_MODE.value}; several seeds '
      'are timed with --mode=step, runs or train only.'
    )
  figures = _MODES[_MODE.value]()
  sys.stdout.write(json.dumps(figures) + '\n')


# Imports wait, since --help shall not wait for jax.


def _step() -> dict[str, Any]:
  from jaxgan.benchmark import iteration

  return iteration.measure(_settings())


def _loop() -> dict[str, Any]:
  from jaxgan.benchmark import iteration, loop

  return iteration.measure(_settings(), loop.timed)


def _runs() -> dict[str, Any]:
  from jaxgan.benchmark import runs

  return runs.measure(_settings(), _DEVICES.value)


def _train() -> dict[str, Any]:
  from jaxgan.benchmark import runs

  cli.keep_programs()
  return runs.train(_settings())


def _layers() -> dict[str, Any]:
  from jaxgan.benchmark import layers

  return layers.measure()


def _data() -> dict[str, Any]:
  from jaxgan.benchmark import files

  settings = files.Settings(
    files=_FILES.value,
    images=_IMAGES.value,
    net=_NET.value,
    batch=_BATCH.value,
    critic_steps=_CRITIC_STEPS.value,
  )
  return files.measure(settings)


_MODES = {
  'step': _step,
  'loop': _loop,
  'runs': _runs,
  'train': _train,
  'layers': _layers,
  'data': _data,
}


def _settings() -> 'Settings':
  from jaxgan.benchmark.settings import Settings

  return Settings(
    net=_NET.value,
    batch=_BATCH.value,
    critic_steps=_CRITIC_STEPS.value,
    steps=_STEPS.value,
    warmup=_WARMUP.value,
    mode=_MODE.value,
    precision=_PRECISION.value,
    conv=_CONV.value,
    seeds=_SEEDS.value,
    replicas=_REPLICAS.value,
  )


def run() -> None:
  """The console entry."""
  app.run(main)


if __name__ == '__main__':
  run()
