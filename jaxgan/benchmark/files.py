"""Measures how many images per second the data pipeline reads and delivers.

Batches are made in a fresh process, so that its peak of memory is that of a
run's data and not of their preparation.
"""

import dataclasses
import hashlib
import itertools
import json
import multiprocessing
import re
import shutil
import tempfile
import time
from pathlib import Path
from typing import Any

import jax
import numpy as np
from PIL import Image

from jaxgan.benchmark.settings import NETS
from jaxgan.config import Data
from jaxgan.data import pipeline, sources
from jaxgan.gan import sharding as mesh_lib

_ITERATIONS = 20  # Iterations whose batches are timed.
_IN_MEMORY = 2000  # Images, at most, of the batches from an array in memory.


@dataclasses.dataclass(frozen=True)
class Settings:
  """Settings of the measurement; the fields are flags of the command."""

  files: str = 'png'
  images: int = 2000
  net: str = 'mnist'
  size: int = 0
  copies: int = 1
  placement: str = 'host'
  batch: int = 64
  critic_steps: int = 5


def measure(settings: Settings) -> dict[str, Any]:
  """Writes a folder of images, reads it twice, and makes batches of it.

  Returns:
    The settings, and images per second: `first` for the first read (prepare
    with tfds; unless streamed, decode and cache the array), `again` for a read
    from the cache, `delivered` for batches on the devices, and `in_memory` for
    batches of up to 2000 of the images in an array; `ratio` is delivered / in
    memory. With copies, the first read finds prepared files. Also the bytes of
    the prepared files and of the decoded images, the peak of resident memory
    of a process that makes the batches, which includes the pages of
    memory-mapped files (null if not on Linux), and whether another process
    that starts in the middle makes the same last batch.

  Raises:
    ValueError: the network does not generate images.
  """
  shape = NETS[settings.net][1]
  if len(shape) != 3:
    raise ValueError(
      f'--net is {settings.net}, which generates no images; --mode=data needs '
      'mnist, cifar_resnet, dcgan64 or resnet64.'
    )
  if settings.size:
    shape = (settings.size, settings.size, shape[-1])
  with tempfile.TemporaryDirectory() as root:
    folder = Path(root) / 'images'
    folder.mkdir()
    for index in range(settings.images):
      _random_image(index, shape).save(folder / f'{index:06d}.{settings.files}')
    data = Data(
      name='folder', path=str(folder), dir=f'{root}/data', image_size=shape[0],
      placement=settings.placement,
    )  # fmt: skip
    if settings.copies > 1:
      _load(dataclasses.replace(data, placement='stream'))  # Prepares it.
      _repeat(Path(data.dir), settings.copies)
    first, _ = _load(data)
    again, dataset = _load(data)
    decoded = dataset.images.nbytes
    files = sum(f.stat().st_size for f in Path(data.dir).rglob('*record*'))
    fresh = multiprocessing.get_context('spawn')
    with fresh.Pool(1, maxtasksperchild=1) as pool:
      delivery, last = pool.apply(_deliver, (settings, data))
      _, resumed = pool.apply(_deliver, (settings, data, _ITERATIONS // 2))
  return {
    **dataclasses.asdict(settings),
    'shape': shape,
    'device': jax.devices()[0].device_kind,
    'first_images_per_second': len(dataset.images) / first,
    'again_images_per_second': len(dataset.images) / again,
    **delivery,
    'file_bytes': files,
    'decoded_bytes': decoded,
    'resumed_equal': resumed == last,
  }


def _repeat(root: Path, copies: int) -> None:
  """Copies the prepared files, as further shards of the same data set."""
  (file,) = root.rglob('dataset_info.json')
  info = json.loads(file.read_text())
  (split,) = info['splits']
  old = split['shardLengths']
  stem = f'{info["name"]}-{split["name"]}.{info["fileFormat"]}'
  num = len(old) * copies
  for index in range(num):
    source = file.parent / f'{stem}-{index % len(old):05d}-of-{len(old):05d}'
    shutil.copyfile(source, file.parent / f'{stem}-{index:05d}-of-{num:05d}')
  for index in range(len(old)):
    (file.parent / f'{stem}-{index:05d}-of-{len(old):05d}').unlink()
  split['shardLengths'] = old * copies
  split['numBytes'] = str(int(split['numBytes']) * copies)
  file.write_text(json.dumps(info))


def _random_image(seed: int, shape: tuple[int, ...]) -> Image.Image:
  """Draws smooth shapes with noise; they compress about as well as photos."""
  rng = np.random.default_rng(seed)
  coarse = rng.integers(0, 256, (5, 5, shape[-1])).astype(np.uint8)
  size = shape[1], shape[0]
  bands = [
    Image.fromarray(band).resize(size, Image.Resampling.BICUBIC)
    for band in coarse.transpose(2, 0, 1)
  ]
  smooth = np.stack([np.asarray(band) for band in bands], -1)
  noisy = np.clip(smooth + rng.normal(0, 4, shape), 0, 255).astype(np.uint8)
  return Image.fromarray(noisy.squeeze())


def _load(data: Data) -> tuple[float, sources.Dataset]:
  """Returns the seconds to load a dataset, and the dataset."""
  start = time.perf_counter()
  dataset = sources.load(data)
  return time.perf_counter() - start, dataset


def _deliver(
  settings: Settings, data: Data, first_step: int = 0
) -> tuple[dict[str, Any], str]:
  """Makes the batches from an iteration on; measures if it is the first.

  Returns:
    Rates and peak of memory of this process, and the digest of the last batch.
  """
  dataset = sources.load(data)
  rate, last = _delivery(settings, dataset, first_step)
  if first_step:
    return {}, last
  peak = _peak_resident_bytes()  # Before the images in memory.
  some = np.arange(min(len(dataset.images), _IN_MEMORY))
  array, labels = np.array(dataset.images[some]), dataset.labels[some]
  in_memory = dataclasses.replace(dataset, images=array, labels=labels)
  memory_rate, _ = _delivery(settings, in_memory)
  return {
    'delivered_images_per_second': rate,
    'in_memory_images_per_second': memory_rate,
    'ratio': rate / memory_rate,
    'peak_resident_bytes': peak,
  }, last


def _peak_resident_bytes() -> int | None:
  """Returns the peak of this process's resident memory; None if unknown."""
  status = Path('/proc/self/status')
  if not status.exists():
    return None
  # Not `resource`: its peak includes that of the process that started this one.
  match = re.search(r'VmHWM:\s*(\d+) kB', status.read_text())
  return int(match[1]) * 1024 if match else None


def _delivery(
  settings: Settings, dataset: sources.Dataset, first_step: int = 0
) -> tuple[float, str]:
  """Returns images per second as batches on the devices; the last's digest."""
  batch, critic_steps = settings.batch, settings.critic_steps
  sampler = pipeline.Sampler(
    dataset, seed=0, batch_size=batch, critic_steps=critic_steps
  )
  sharding = mesh_lib.shardings(mesh_lib.make_mesh()).batch
  stream = pipeline.device_batches(sampler, first_step, sharding)
  last = jax.block_until_ready(next(stream))
  num = _ITERATIONS - first_step
  start = time.perf_counter()
  for last in itertools.islice(stream, num):
    jax.block_until_ready(last)
  seconds = time.perf_counter() - start
  stream.close()
  digest = hashlib.sha256(b''.join(np.asarray(x).tobytes() for x in last))
  return num * critic_steps * batch / seconds, digest.hexdigest()
