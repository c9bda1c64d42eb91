"""Trains the digit classifier and judges it on images that it never saw.

Adam with decoupled weight decay, a rate that rises over the first steps and
falls along half a cosine (Loshchilov & Hutter, 2017), dropout, and images that
are moved by a pixel. All randomness is a function of the seed and the step.
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
from tqdm import tqdm

from jaxgan.config import Data
from jaxgan.data import pipeline, sources
from jaxgan.data.ranges import to_float
from jaxgan.data.sources import Dataset
from jaxgan.metrics import digit_net
from jaxgan.metrics.digit_net import NUM_CLASSES, Classifier, DigitNet
from jaxgan.types import Array, Params

_BATCH = 128
_LEAST_HELD_OUT = 100  # Fewer would not tell one per cent.
_MOST_SHARED = 0.1  # Share of held-out images that are also trained on.
_PEAK_RATE = 3e-3
_WARMUP = 0.15  # Share of the steps over which the rate rises.
_WEIGHT_DECAY = 1e-2
_REACH = 1  # Pixels by which an image is moved, in each direction.
_EVERY = 50  # Steps between two looks at the loss, each of which waits for it.

# Decay shrinks kernels, not biases. The rate is left to `_update`, as data.
_OPTIMIZER = optax.chain(
  optax.scale_by_adam(),
  optax.add_decayed_weights(
    _WEIGHT_DECAY, lambda params: jax.tree.map(lambda x: x.ndim > 1, params)
  ),
)


@dataclasses.dataclass(frozen=True)
class Settings:
  """What decides every bit of the weights, on one machine.

  Attributes:
    data: name of the data set, as in `data.name`.
    path: its files at hand; empty for none.
    split: the images to train on, as in `data.split`.
    test_split: the held-out ones, which only the accuracy sees.
    seed: of the weights, the order, and all other randomness.
    epochs: passes over the images.
  """

  data: str = 'digits'
  path: str = ''
  split: str = 'train[:80%]'
  test_split: str = 'train[80%:]'
  seed: int = 0
  epochs: int = 100


class _State(NamedTuple):
  params: Params
  moments: optax.OptState
  step: Array


def train(settings: Settings) -> Classifier:
  """Loads the data, trains with a progress bar, and measures the accuracy.

  Args:
    settings: what to train on, and how long.

  Returns:
    The classifier; its record holds the settings but for the path.

  Raises:
    ValueError: no such data; no ten classes; images of a size that the net is
      not made for; too few of them; held-out images that are trained on.
    FloatingPointError: the loss is not finite.
  """
  seen, held_out = (
    sources.load(Data(name=settings.data, path=settings.path, split=split))
    for split in (settings.split, settings.test_split)
  )
  _check(seen, held_out, settings)
  record = {
    **record_of(settings),
    'shape': list(seen.shape),
    'train_images': len(seen.images),
    'test_images': len(held_out.images),
    'train_sha256': _digest(seen),
    'jax': jax.__version__,
    'backend': jax.default_backend(),
    'accuracy': 0.0,  # Known once there is a classifier.
  }
  params = fit(seen, settings.seed, settings.epochs)
  record['accuracy'] = accuracy(digit_net.make(params, record), held_out)
  return digit_net.make(params, record)


def record_of(settings: Settings) -> dict[str, str | int]:
  """The part of a record that is known before the training."""
  values = dataclasses.asdict(settings)
  del values['path']  # Where files are is nobody else's affair.
  return values


def fit(data: Dataset, seed: int, epochs: int) -> Params:
  """Weights for a data set of ten classes.

  Args:
    data: at least 128 images.
    seed: see `Settings`.
    epochs: see `Settings`.

  Raises:
    FloatingPointError: the loss is not finite.
  """
  steps = epochs * len(data.images) // _BATCH
  net, key = digit_net.build(data.shape), jax.random.key(seed)
  params = digit_net.init(data.shape, key)
  state = _State(params, _OPTIMIZER.init(params), jnp.zeros((), jnp.int32))
  sampler = pipeline.Sampler(data, seed, _BATCH)
  bar = tqdm(total=steps, desc=f'Classifier of {data.name}', unit='step')
  with bar:
    for step in range(steps):
      batch = pipeline.host_batch(sampler, step)
      image, label = batch.image[0], batch.label[0]
      rate = np.float32(learning_rate(step, steps))
      state, loss = _update(net, state, key, rate, image, label)
      if step % _EVERY == 0 or step == steps - 1:
        _look(bar, step, float(loss))
      bar.update()
  return jax.device_get(state.params)


def accuracy(classifier: Classifier, data: Dataset) -> float:
  """The share of a data set's images that a classifier gets right."""
  logits = classifier.predict(data.images).logits
  return float(np.mean(np.argmax(logits, axis=1) == data.labels))


def learning_rate(step: int, steps: int) -> float:
  """A straight line up to the peak, then half a cosine down to almost 0.

  Args:
    step: from 0 to steps - 1.
    steps: of the whole training.
  """
  warmup = max(1.0, _WARMUP * steps)
  fall = max(step - warmup, 0.0) / max(1.0, steps - warmup)
  rise = min((step + 1) / warmup, 1.0)
  return _PEAK_RATE * rise * 0.5 * (1 + math.cos(math.pi * fall))


def shift(key: Array, images: Array, reach: int) -> Array:
  """Moves each image by up to `reach` pixels; what comes in is black.

  Args:
    key: a PRNG key.
    images: [N, H, W, C] uint8.
    reach: in each direction.

  Returns:
    The same shape.
  """
  sides = ((0, 0), (reach, reach), (reach, reach), (0, 0))
  padded = jnp.pad(images, sides)
  corners = jax.random.randint(key, (len(images), 2), 0, 2 * reach + 1)

  def cut(image: Array, corner: Array) -> Array:
    return jax.lax.dynamic_slice(image, (*corner, 0), images.shape[1:])

  return jax.vmap(cut)(padded, corners)


def _check(seen: Dataset, held_out: Dataset, settings: Settings) -> None:
  if not seen.num_classes:
    raise ValueError(
      f'{seen.name} holds no labels; a folder must have one sub-folder for '
      'each digit.'
    )
  if seen.num_classes != NUM_CLASSES:
    raise ValueError(
      f'{seen.name} holds {seen.num_classes} classes; a digit classifier needs '
      f'{NUM_CLASSES}.'
    )
  digit_net.build(seen.shape)
  counts = (
    ('split', settings.split, seen, _BATCH),
    ('test_split', settings.test_split, held_out, _LEAST_HELD_OUT),
  )
  for flag, split, data, least in counts:
    if len(data.images) < least:
      raise ValueError(
        f'--{flag} is {split!r}, which has {len(data.images)} images; it must '
        f'have at least {least}.'
      )
  known = {image.tobytes() for image in seen.images}
  shared = sum(image.tobytes() in known for image in held_out.images)
  if shared > _MOST_SHARED * len(held_out.images):
    raise ValueError(
      f'{shared} of the {len(held_out.images)} images of --test_split '
      f'{settings.test_split!r} are also in --split {settings.split!r}; hold '
      'out images that are not trained on.'
    )


def _digest(data: Dataset) -> str:
  """SHA-256 of the images and labels, so that a folder has a name too."""
  whole = hashlib.sha256(np.ascontiguousarray(data.images).data)
  whole.update(np.ascontiguousarray(data.labels).data)
  return whole.hexdigest()


@functools.partial(jax.jit, static_argnums=0, donate_argnums=1)
def _update(
  net: DigitNet,
  state: _State,
  key: Array,
  rate: Array,
  images: Array,
  labels: Array,
) -> tuple[_State, Array]:
  """One step on images [B, H, W, C] uint8 and labels [B]; and its loss."""
  key = jax.random.fold_in(key, state.step)
  shift_key, dropout_key = jax.random.split(key)
  images = to_float(shift(shift_key, images, _REACH))

  def loss(params: Params) -> Array:
    prediction: Any = net.apply(
      {'params': params}, images, train=True, rngs={'dropout': dropout_key}
    )
    return optax.softmax_cross_entropy_with_integer_labels(
      prediction.logits, labels
    ).mean()

  value, gradient = jax.value_and_grad(loss)(state.params)
  change, moments = _OPTIMIZER.update(gradient, state.moments, state.params)
  params = jax.tree.map(lambda x, d: x - rate * d, state.params, change)
  return _State(params, moments, state.step + 1), value


def _look(bar: tqdm, step: int, loss: float) -> None:
  bar.set_postfix_str(f'loss {loss:.3f}')
  if not math.isfinite(loss):
    raise FloatingPointError(
      f'The loss is {loss} after step {step + 1}; nothing was saved.'
    )
