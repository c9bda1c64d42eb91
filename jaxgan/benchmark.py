"""Times iterations of WGAN-GP: the arithmetic alone, or the whole loop.

  python -m jaxgan.benchmark --net=mnist --batch=64 --steps=10

Prints one line of JSON: the settings, seconds per iteration (median, least,
most), seconds to compile, the peak of device memory in bytes (null where the
backend does not tell), the floating-point operations of an iteration by XLA's
own count, the machine's best measured rate of a matrix product, and the share
of it that was reached. Random images sit on the device, as in `step` mode
nothing but the step is timed; in `loop` mode the same nets train on tfds' mock
data through the real pipeline, with logging and checkpoints. `data` mode writes
a folder of image files and times how many a second are read, and delivered to
the devices as batches.
"""

import json
import sys

from absl import app, flags

from jaxgan import cli

_NET = flags.DEFINE_enum(
  'net',
  'mnist',
  ['toy', 'mnist', 'cifar_resnet', 'dcgan64', 'resnet64'],
  'The reference nets.',
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
  'mode', 'step', ['step', 'loop', 'data'], 'What is timed.'
)
_SEEDS = flags.DEFINE_integer(
  'seeds', 1, 'Runs in one program; seconds are of all of them.', 1
)
_REPLICAS = flags.DEFINE_enum(
  'replicas', 'auto', ['auto', 'vmap', 'map'], 'How several seeds are run.'
)
_FILES = flags.DEFINE_enum('files', 'png', ['png', 'jpeg'], 'In data mode.')
_IMAGES = flags.DEFINE_integer('images', 2000, 'Files in data mode.', 64)


def main(argv: list[str]) -> int:
  """Parses flags, measures, prints, and returns the exit status."""
  cli.no_more(argv)
  return cli.run(_benchmark)


def _benchmark() -> None:
  if _SEEDS.value > 1 and _MODE.value != 'step':
    raise ValueError(
      f'--seeds is {_SEEDS.value} and --mode is {_MODE.value}; several seeds '
      'are timed with --mode=step only.'
    )
  if _MODE.value == 'data':
    from jaxgan import timing_data

    files = timing_data.Settings(
      files=_FILES.value,
      images=_IMAGES.value,
      net=_NET.value,
      batch=_BATCH.value,
      critic_steps=_CRITIC_STEPS.value,
    )
    figures = timing_data.measure(files)
    sys.stdout.write(json.dumps(figures) + '\n')
    return
  from jaxgan import timing  # Only now: --help shall not wait for jax.

  settings = timing.Settings(
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
  figures = timing.measure(settings)
  sys.stdout.write(json.dumps(figures) + '\n')


def run() -> None:
  """The console entry."""
  app.run(main)


if __name__ == '__main__':
  run()
