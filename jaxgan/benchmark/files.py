"""Measures how many images per second the data pipeline reads and delivers."""

import dataclasses
import itertools
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


@dataclasses.dataclass(frozen=True)
class Settings:
  """Settings of the measurement; the fields are flags of the command."""

  files: str = 'png'
  images: int = 2000
  net: str = 'mnist'
  batch: int = 64
  critic_steps: int = 5


def measure(settings: Settings) -> dict[str, Any]:
  """Writes a folder of images, reads it twice, and makes batches of it.

  Returns:
    The settings, and images per second: `first` for the first read (prepare
    with tfds, decode, cache the array), `again` for a read from the cache, and
    `delivered` for batches on the devices.

  Raises:
    ValueError: the network does not generate images.
  """
  shape = NETS[settings.net][1]
  if len(shape) != 3:
    raise ValueError(
      f'--net is {settings.net}, which generates no images; --mode=data needs '
      'mnist, cifar_resnet, dcgan64 or resnet64.'
    )
  with tempfile.TemporaryDirectory() as root:
    folder = Path(root) / 'images'
    folder.mkdir()
    for index in range(settings.images):
      _random_image(index, shape).save(folder / f'{index:06d}.{settings.files}')
    data = Data(
      name='folder', path=str(folder), dir=f'{root}/data', image_size=shape[0]
    )
    first, _ = _load(data)
    again, dataset = _load(data)
    delivered = _delivery_rate(settings, dataset)
  return {
    **dataclasses.asdict(settings),
    'shape': shape,
    'device': jax.devices()[0].device_kind,
    'first_images_per_second': settings.images / first,
    'again_images_per_second': settings.images / again,
    'delivered_images_per_second': delivered,
  }


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


def _delivery_rate(settings: Settings, dataset: sources.Dataset) -> float:
  """Returns images per second, delivered as batches to the devices."""
  batch, critic_steps = settings.batch, settings.critic_steps
  sampler = pipeline.Sampler(
    dataset, seed=0, batch_size=batch, critic_steps=critic_steps
  )
  sharding = mesh_lib.shardings(mesh_lib.make_mesh()).batch
  stream = pipeline.device_batches(sampler, 0, sharding)
  jax.block_until_ready(next(stream))
  start = time.perf_counter()
  for delivered in itertools.islice(stream, _ITERATIONS):
    jax.block_until_ready(delivered)
  seconds = time.perf_counter() - start
  stream.close()
  return _ITERATIONS * critic_steps * batch / seconds
