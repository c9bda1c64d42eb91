"""Trains an image classifier and measures its accuracy on held-out images.

It uses Adam with decoupled weight decay, a linear warmup with cosine decay
(Loshchilov & Hutter, 2017), dropout, and random changes of the images
(`classifier_augment`). All randomness is a function of the seed and the step.
"""

import dataclasses
import functools
import hashlib
import math
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax

from jaxgan.config import Data
from jaxgan.data import pipeline, sources
from jaxgan.data.sources import Dataset
from jaxgan.metrics import classifier_augment, classifier_net
from jaxgan.metrics.classifier_net import Classifier, DigitNet
from jaxgan.metrics.photo_net import PhotoNet
from jaxgan.progress import Progress
from jaxgan.types import Array, Params, to_float

_BATCH = 128
_MIN_HELD_OUT = 100  # One image is then at most one percent.
_MAX_SHARED = 0.1  # Allowed share of held-out images in the training split.
_PEAK_RATE = 3e-3
_WARMUP = 0.15  # Share of the steps in which the learning rate rises.
_WEIGHT_DECAY = 1e-2
_LOG_STEPS = 50  # Steps between reads of the loss; a read waits for the device.

# Weight decay applies to kernels only. `_update` applies the learning rate.
_OPTIMIZER = optax.chain(
  optax.scale_by_adam(),
  optax.add_decayed_weights(
    _WEIGHT_DECAY, lambda params: jax.tree.map(lambda x: x.ndim > 1, params)
  ),
)


@dataclasses.dataclass(frozen=True)
class Settings:
  """Settings of a training; on one machine they determine the exact weights.

  Attributes:
    data: name of the data set, as in `data.name`.
    path: folder of its files; empty if it needs none.
    split: the training images, as in `data.split`.
    test_split: the held-out images, used only for the accuracy.
    seed: seed of all randomness.
    epochs: passes over the training images.
    image_size: side to which images are resized; 0 for their own.
  """

  data: str = 'digits'
  path: str = ''
  split: str = 'train[:80%]'
  test_split: str = 'train[80%:]'
  seed: int = 0
  epochs: int = 100
  image_size: int = 0


class _State(NamedTuple):
  params: Params
  moments: optax.OptState
  step: Array


def train(settings: Settings) -> Classifier:
  """Trains a classifier with a progress bar, and measures its accuracy.

  Returns:
    The classifier; its record holds all settings except the path.

  Raises:
    ValueError: unknown data, data without classes, an image size that the net
      does not take, too few images, or held-out images in the training split.
    FloatingPointError: the loss is not finite.
  """
  train_data, held_out = (
    sources.load(
      Data(
        name=settings.data,
        path=settings.path,
        split=split,
        image_size=settings.image_size,
      )
    )
    for split in (settings.split, settings.test_split)
  )
  _check(train_data, held_out, settings)
  record = {
    **record_of(settings),
    'shape': list(train_data.shape),
    'train_images': len(train_data.images),
    'test_images': len(held_out.images),
    'train_sha256': _digest(train_data),
    'jax': jax.__version__,
    'backend': jax.default_backend(),
    'accuracy': 0.0,  # Replaced below.
  }
  if classes := _classes(train_data):
    record['classes'] = classes  # The digit net, as in older files, has none.
  params = fit(train_data, settings.seed, settings.epochs)
  record['accuracy'] = accuracy(classifier_net.make(params, record), held_out)
  return classifier_net.make(params, record)


def record_of(settings: Settings) -> dict[str, str | int]:
  """Returns the settings as a record, without the path."""
  values = dataclasses.asdict(settings)
  del values['path']  # A published file must not hold local paths.
  if not settings.image_size:
    del values['image_size']  # As in older files.
  return values


def fit(data: Dataset, seed: int, epochs: int) -> Params:
  """Trains on at least 128 labeled images and returns the weights.

  Raises:
    FloatingPointError: the loss is not finite.
  """
  steps = epochs * len(data.images) // _BATCH
  net = classifier_net.build(data.shape, _classes(data))
  key = jax.random.key(seed)
  params = classifier_net.init(data.shape, key, _classes(data))
  state = _State(params, _OPTIMIZER.init(params), jnp.zeros((), jnp.int32))
  sampler = pipeline.Sampler(data, seed, _BATCH)
  title, loss = f'Classifier of {data.name}', None
  with Progress(steps, 'step', title=title) as bar:
    for step in range(steps):
      batch = pipeline.host_batch(sampler, step)
      image, label = batch.image[0], batch.label[0]
      rate = np.float32(learning_rate(step, steps))
      before = loss
      state, loss = _update(net, state, key, rate, image, label)
      # One step is prepared while another runs; the speed shown is then true.
      jax.block_until_ready(before)
      if step % _LOG_STEPS == 0 or step == steps - 1:
        bar.note(f'loss {loss:.3f}')
        if not np.isfinite(loss):
          raise FloatingPointError(
            f'The loss is {loss} after step {step + 1}; nothing was saved.'
          )
      bar.update()
  return jax.device_get(state.params)


def accuracy(classifier: Classifier, data: Dataset) -> float:
  """Returns the share of images that the classifier labels correctly."""
  logits = classifier.predict(data.images).logits
  return float(np.mean(np.argmax(logits, axis=1) == data.labels))


def learning_rate(step: int, steps: int) -> float:
  """Learning rate of step 0 to steps - 1: linear warmup, then cosine decay."""
  warmup = max(1.0, _WARMUP * steps)
  decay = max(step - warmup, 0.0) / max(1.0, steps - warmup)
  rise = min((step + 1) / warmup, 1.0)
  return _PEAK_RATE * rise * 0.5 * (1 + math.cos(math.pi * decay))


def _check(train_data: Dataset, held_out: Dataset, settings: Settings) -> None:
  """Raises a ValueError if a set does not fit or the two sets overlap."""
  name, classes = train_data.name, train_data.num_classes
  if not classes:
    raise ValueError(
      f'{name} has no labels; a folder must have one sub-folder per class.'
    )
  classifier_net.build(train_data.shape, _classes(train_data))
  counts = (
    ('split', settings.split, train_data, _BATCH),
    ('test_split', settings.test_split, held_out, _MIN_HELD_OUT),
  )
  for flag, split, data, minimum in counts:
    if len(data.images) < minimum:
      raise ValueError(
        f'--{flag} is {split!r}, which has {len(data.images)} images; it must '
        f'have at least {minimum}.'
      )
  trained_on = {image.tobytes() for image in train_data.images}
  shared = sum(image.tobytes() in trained_on for image in held_out.images)
  if shared > _MAX_SHARED * len(held_out.images):
    raise ValueError(
      f'{shared} of the {len(held_out.images)} images of --test_split '
      f'{settings.test_split!r} are also in --split {settings.split!r}; choose '
      'two splits without common images.'
    )


def _classes(data: Dataset) -> int:
  return classifier_net.net_classes(data.shape, data.num_classes)


def _digest(data: Dataset) -> str:
  """Returns the SHA-256 of the images and labels."""
  state = hashlib.sha256(np.ascontiguousarray(data.images).data)
  state.update(np.ascontiguousarray(data.labels).data)
  return state.hexdigest()


@functools.partial(jax.jit, static_argnums=0, donate_argnums=1)
def _update(
  net: DigitNet | PhotoNet,
  state: _State,
  key: Array,
  rate: Array,
  images: Array,
  labels: Array,
) -> tuple[_State, Array]:
  """Makes one update with images [B, H, W, C] uint8 and labels [B]."""
  key = jax.random.fold_in(key, state.step)
  augment_key, dropout_key = jax.random.split(key)
  images = to_float(images)
  if isinstance(net, DigitNet):
    images = classifier_augment.digits(augment_key, images)
    share, others = jnp.ones(len(labels)), labels
  else:
    augment_key, blend_key = jax.random.split(augment_key)
    images = classifier_augment.photographs(augment_key, images)
    images, share, order = classifier_augment.blend(blend_key, images)
    others = labels[order]

  def loss(params: Params) -> Array:
    outputs: Any = net.apply(
      {'params': params}, images, train=True, rngs={'dropout': dropout_key}
    )
    entropy = functools.partial(
      optax.softmax_cross_entropy_with_integer_labels, outputs[1]
    )
    return jnp.mean(share * entropy(labels) + (1 - share) * entropy(others))

  value, gradient = jax.value_and_grad(loss)(state.params)
  change, moments = _OPTIMIZER.update(gradient, state.moments, state.params)
  params = jax.tree.map(lambda x, d: x - rate * d, state.params, change)
  return _State(params, moments, state.step + 1), value
