r"""Measures the speed of WGAN-GP training.

  python -m jaxgan.benchmark --net=mnist --batch=64 --steps=10
  python -m jaxgan.benchmark --mode=peer --peer='python torch_wgan_gp.py' \
    --nets=mnist,dcgan64 --batches=64 --modes=eager,compile
  python -m jaxgan.benchmark --mode=accelerator --out=speed.json --device=cuda \
    --peer='python docs/torch_peer.py' --nets=toy,mnist,cifar_resnet,dcgan64 \
    --precisions=fp32,tf32,bf16 --modes=eager,compile

Prints one line of JSON: the settings, seconds per iteration (median, minimum,
maximum), seconds to compile, the peak of device memory in bytes (null if the
backend does not report it), the floating-point operations of an iteration as
counted by XLA, the best rate of a matrix product measured on this machine, and
the iteration's share of that rate. `--mode` selects the measurement:

  step    the training step alone, on random images that are on the device
  loop    the training loop with tfds' mock data, logging and checkpoints,
          alternating with the step; `ratio` is loop time / step time
  runs    --seeds whole runs of --steps iterations, each in its own process,
          then all in one process, on --devices; `ratio` is the time of the
          one process / the sum of the others
  train   --seeds whole runs in this process
  layers  single convolutions: window kernels and Winograd kernels
  data    images per second: read from a folder, and delivered to the devices,
          with the peak of memory of the latter; `ratio` is delivered images
          / those of an array in memory
  peer    a Markdown table: step time of jaxgan / step time of another program
  accelerator  step times of many nets and precisions, with those of the peer,
          in one file within --budget_seconds; the same command continues it
  serve   the step, timed on request; mode accelerator starts it
"""

import dataclasses
import json
import sys
from collections.abc import Iterable
from typing import Any

from absl import app, flags

from jaxgan import cli
from jaxgan.benchmark.settings import NETS, Settings

_MODES = (
  'step', 'loop', 'runs', 'train', 'layers', 'data', 'peer', 'accelerator',
  'serve',
)  # fmt: skip
_OF_SEEDS = 'step', 'runs', 'train', 'accelerator', 'serve'
_MODE = flags.DEFINE_enum('mode', 'step', _MODES, 'Measurement, see above.')
flags.DEFINE_enum('net', 'mnist', list(NETS), 'Generator and critic.')
flags.DEFINE_integer('batch', 64, 'Images per update.', 1)
flags.DEFINE_integer('critic_steps', 5, 'Critic updates per iteration.', 1)
flags.DEFINE_integer('steps', 10, 'Timed iterations.', 1)
flags.DEFINE_integer('warmup', 2, 'Untimed iterations at the start.', 1)
flags.DEFINE_enum(
  'precision',
  'fp32',
  ['fp32', 'tf32', 'bf16'],
  'Precision of matrix products; bf16 also stores activations in bfloat16.',
)
_CONVS = 'auto', 'lax', 'cudnn', 'matmul', 'winograd'
flags.DEFINE_enum('conv', 'auto', _CONVS, 'Algorithm of the convolutions.')
_SEEDS = flags.DEFINE_integer(
  'seeds', 1, 'Runs in one program; the seconds are for all of them.', 1
)
flags.DEFINE_enum(
  'replicas', 'auto', ['auto', 'vmap', 'map'], 'Mapping of several seeds.'
)
_DEVICES = flags.DEFINE_integer(
  'devices', 0, 'Mode runs: virtual CPU devices; 0 for the real devices.', 0
)
flags.DEFINE_enum('files', 'png', ['png', 'jpeg'], 'Mode data: file format.')
flags.DEFINE_integer('images', 2000, 'Mode data: number of files.', 64)
flags.DEFINE_integer(
  'size', 0, 'Mode data: height and width of images; 0 for those of --net.', 0
)
flags.DEFINE_integer(
  'copies', 1, 'Mode data: repeats the prepared files, for a large set.', 1
)
flags.DEFINE_enum(
  'placement', 'host', ['host', 'stream'], 'Mode data: data.placement.'
)
flags.DEFINE_string('peer', '', 'Command of the other program.')
_PEER = 'Modes peer and accelerator'
flags.DEFINE_list('nets', ['mnist'], f'{_PEER}: values of --net.')
flags.DEFINE_list('batches', ['64'], f'{_PEER}: values of --batch.')
flags.DEFINE_list('precisions', ['fp32'], f'{_PEER}: values of --precision.')
flags.DEFINE_list('modes', ['eager'], f"{_PEER}: values of the peer's --mode.")
flags.DEFINE_string('device', 'cpu', f"{_PEER}: the peer's --device.")
flags.DEFINE_integer('rounds', 1, f'{_PEER}: repetitions of each case.', 1)
flags.DEFINE_integer(
  'budget_seconds', 540, f'{_PEER}: no case starts after this time.', 1
)
_ACCELERATOR = 'Mode accelerator'
flags.DEFINE_string('out', '', f'{_ACCELERATOR}: file of the results, JSON.')
flags.DEFINE_list('convs', ['auto'], f'{_ACCELERATOR}: values of --conv.')
flags.DEFINE_float(
  'window_seconds', 0.3, f'{_ACCELERATOR}: time of one turn, about.', 0
)
flags.DEFINE_bool(
  'in_turn', False, f'{_ACCELERATOR}: compiles one program after another.'
)
flags.DEFINE_string(
  'tpu', 'docs/tpu.jsonl', f'{_ACCELERATOR}: rows that go into the results.'
)


def main(argv: list[str]) -> int:
  """Measures, prints the result, and returns the exit status."""
  cli.check_no_arguments(argv)
  return cli.run(_benchmark)


def _benchmark() -> None:
  mode = _MODE.value
  if _SEEDS.value > 1 and mode not in _OF_SEEDS:
    raise ValueError(
      f'--seeds is {_SEEDS.value} and --mode is {mode}; several seeds need '
      f'--mode={", ".join(_OF_SEEDS)}.'
    )
  lines: Iterable[str]
  if mode == 'peer':  # Without jax: the measured programs need its memory.
    from jaxgan.benchmark import peer

    lines = peer.compare(_from_flags(peer.Settings))
  elif mode == 'accelerator':  # Likewise.
    from jaxgan.benchmark import accelerator

    lines = accelerator.measure(_from_flags(accelerator.Settings))
  elif mode == 'serve':
    from jaxgan.benchmark import worker

    lines = worker.answers(_from_flags(Settings), sys.stdin)
  else:
    lines = [json.dumps(_measure(mode))]
  for line in lines:
    sys.stdout.write(line + '\n')
    sys.stdout.flush()


def _measure(mode: str) -> dict[str, Any]:
  """Measures in one mode; imports late, so that --help is fast."""
  if mode == 'layers':
    from jaxgan.benchmark import layers

    return layers.measure()
  if mode == 'data':
    from jaxgan.benchmark import files

    return files.measure(_from_flags(files.Settings))
  settings = _from_flags(Settings)
  if mode in ('runs', 'train'):
    from jaxgan.benchmark import runs

    if mode == 'runs':
      return runs.measure(settings, _DEVICES.value)
    cli.cache_compiled_programs()
    return runs.train(settings)
  from jaxgan.benchmark import iteration

  if mode == 'step':
    return iteration.measure(settings)
  from jaxgan.benchmark import loop

  return iteration.measure(settings, loop.timed)


def _from_flags(cls: type[Any]) -> Any:
  """Builds a dataclass from the flags that have the names of its fields."""
  names = [field.name for field in dataclasses.fields(cls)]
  return cls(**{name: flags.FLAGS[name].value for name in names})


if __name__ == '__main__':
  app.run(main)
