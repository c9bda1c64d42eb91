"""Feature nets by name, and features of example sets of any size.

`load` returns a net by name. `FeatureNet.extract` applies it to a set in chunks
that are split over all local devices, of any number.
"""

import hashlib
import pathlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from jaxgan.config import pick
from jaxgan.metrics import classifier_files, inception, inception_weights
from jaxgan.metrics.classifier_net import Classifier
from jaxgan.metrics.frechet import Accumulator, Moments
from jaxgan.nets import chunks
from jaxgan.nets.shares import ALONE, Share

Embed = Callable[[jax.Array], tuple[jax.Array, jax.Array | None]]


class Features(NamedTuple):
  """The outputs of a feature net for a set of N examples.

  Attributes:
    values: features [N, D] float32; [0, D] if only the moments were kept.
    logits: class logits [N, K] float32, or None if the net has no classes.
    moments: mean and covariance of the features, if only these were kept.
  """

  values: np.ndarray
  logits: np.ndarray | None
  moments: Moments | None = None

  @property
  def num(self) -> int:
    """The number of examples N."""
    return len(self.values) if self.moments is None else self.moments.num


class Files(NamedTuple):
  """The user's files of weights; empty where there is none.

  Attributes:
    inception: the .npz of jaxgan.convert_inception.
    classifier: the .npz of jaxgan.classify.
  """

  inception: str = ''
  classifier: str = ''


NO_FILES = Files()


class FeatureNet(NamedTuple):
  """A fixed function from examples to features, with its name and hash.

  Attributes:
    name: the name in metric names, a key of FEATURES.
    sha256: SHA-256 of the weights; empty if it has none.
    resize: resize protocol of its images; `none` if it does not resize.
    embed: device examples [B, ...] -> features [B, D], logits [B, K] or None.
    on_progress: callback after each chunk, with its number of examples.
    share: of this process, in the sets that it extracts.
  """

  name: str
  sha256: str
  resize: str
  embed: Embed
  on_progress: Callable[[int], None] = lambda num: None
  share: Share = ALONE

  def extract(
    self, examples: np.ndarray | Iterable[np.ndarray], num: int = 0
  ) -> Features:
    """Computes features of a set, with at most two chunks on the devices.

    Args:
      examples: [N, H, W, C] uint8 or [N, D] float32, as one array (possibly a
        memory map) or as an iterable of arrays. If several processes share the
        set: the chunks of this process, as `Share.own` yields them.
      num: N, needed only if several processes share the set.

    Returns:
      The features; those of no example on other processes than the first.

    Raises:
      ValueError: there are no examples, or the net does not take them.
    """
    values, logits = zip(*self._outputs(examples, num), strict=True)
    has_logits = logits[0] is not None
    return Features(
      np.concatenate(values), np.concatenate(logits) if has_logits else None
    )

  def extract_moments(
    self, examples: np.ndarray | Iterable[np.ndarray], num: int = 0
  ) -> Features:
    """Computes only mean and covariance, in memory independent of N.

    Takes and returns the same as `extract`.
    """
    if not self.share.is_first:
      return self.extract(examples, num)
    accumulator = None
    for values, _ in self._outputs(examples, num):
      accumulator = accumulator or Accumulator(values.shape[1])
      accumulator.add(values)
    assert accumulator is not None  # _outputs yields or raises.
    moments = accumulator.moments()
    return Features(np.zeros((0, len(moments.mean)), np.float32), None, moments)

  def _outputs(
    self, examples: np.ndarray | Iterable[np.ndarray], num: int
  ) -> Iterator[tuple[np.ndarray, np.ndarray | None]]:
    """Yields (features, logits) of each chunk."""
    empty = True
    outputs = chunks.apply(self.embed, chunks.split(examples))
    for values, logits in self.share.gather(outputs, num):
      empty = False
      yield values.astype(np.float32), logits
      self.on_progress(len(values))
    if empty:
      raise ValueError(
        f'There are no examples for the features of {self.name}; there must be '
        'at least one.'
      )


@jax.jit
def _pixels(examples: jax.Array) -> tuple[jax.Array, None]:
  """Flattens examples to [B, D]; uint8 becomes float32 in [-1, 1]."""
  # The range that the digit nets use, so that distances are comparable.
  flat = examples.reshape(len(examples), -1)
  return (flat / 127.5 - 1.0 if examples.dtype == np.uint8 else flat), None


def _classifier(name: str) -> Classifier:
  """A shipped digit classifier."""
  return classifier_files.load(classifier_files.SHIPPED[name])


def _of_classifier(name: str, classifier: Classifier) -> FeatureNet:
  """The last hidden layer and the logits of a classifier."""
  params = chunks.replicate(classifier.params)
  classifier = classifier._replace(params=params)

  def embed(images: jax.Array) -> tuple[jax.Array, jax.Array | None]:
    outputs: Any = classifier.apply(images)  # Device arrays.
    return outputs.features, outputs.logits

  return FeatureNet(name, classifier.digest, 'none', embed)


def _stacked() -> FeatureNet:
  """The MNIST classifier applied to each of three channels: 1,000 classes.

  The classes are the modes of Stacked MNIST (Metz et al., 2017). Class 100 a +
  10 b + c has digit a in the first channel, b in the second and c in the third.
  """
  classifier = _classifier('mnist')
  params = chunks.replicate(classifier.params)
  classifier = classifier._replace(params=params)

  def embed(images: jax.Array) -> tuple[jax.Array, jax.Array]:
    if images.ndim != 4 or images.shape[3] != 3:
      raise ValueError(
        f'The images are {list(images.shape)}; stacked takes [N, H, W, 3] with '
        'a digit in each channel.'
      )
    num = len(images)
    shape = (3 * num, *images.shape[1:3], 1)
    channels = jnp.moveaxis(images, 3, 1).reshape(shape)
    outputs: Any = classifier.apply(channels)  # Device arrays.
    log_p = jax.nn.log_softmax(outputs.logits).reshape(num, 3, -1)
    a, b, c = jnp.moveaxis(log_p, 1, 0)
    # The digits are independent, so their log-probabilities add up.
    logits = a[:, :, None, None] + b[:, None, :, None] + c[:, None, None, :]
    return outputs.features.reshape(num, -1), logits.reshape(num, -1)

  return FeatureNet('stacked', classifier.digest, 'none', embed)


def _own(path: str) -> FeatureNet:
  """The last hidden layer and the logits of a user's classifier."""
  if not path:
    raise ValueError(
      'The feature net classifier needs a file; give the .npz that '
      'jaxgan.classify wrote (--classifier, or eval.classifier in a config; '
      'docs/metrics.md).'
    )
  return _of_classifier('classifier', classifier_files.load(pathlib.Path(path)))


def _inception(path: str, resize: str) -> FeatureNet:
  """Inception-v3 with the public FID weights, from a converted .npz file."""
  if not path:
    raise ValueError(
      'The feature net inception needs weights, which are never downloaded; '
      'give the .npz that jaxgan.convert_inception wrote (--inception, or '
      'eval.inception in a config; docs/metrics.md).'
    )
  weights = inception_weights.load(pathlib.Path(path))
  variables = chunks.replicate(weights.variables)

  def embed(images: jax.Array) -> tuple[jax.Array, jax.Array | None]:
    outputs = inception.embed(variables, images, resize=resize)
    return outputs.features, outputs.unbiased

  return FeatureNet('inception', weights.sha256, resize, embed)


# name -> function of (files of weights, resize).
FEATURES: Mapping[str, Callable[[Files, str], FeatureNet]] = {
  'pixels': lambda files, resize: FeatureNet('pixels', '', 'none', _pixels),
  'rows': lambda files, resize: FeatureNet('rows', '', 'none', _pixels),
  'digits': lambda files, resize: _of_classifier(
    'digits', _classifier('digits')
  ),
  'mnist': lambda files, resize: _of_classifier('mnist', _classifier('mnist')),
  'stacked': lambda files, resize: _stacked(),
  'classifier': lambda files, resize: _own(files.classifier),
  'inception': lambda files, resize: _inception(files.inception, resize),
}

# The nets with class logits.
CLASSIFIERS = ('digits', 'mnist', 'stacked', 'classifier', 'inception')


def load(
  name: str, files: Files = NO_FILES, *, resize: str = 'clean'
) -> FeatureNet:
  """Loads a feature net by name.

  Args:
    name: a name in FEATURES.
    files: files of weights, for the nets that need one.
    resize: resize protocol of Inception, a name in `resize.RESIZES`.

  Raises:
    FileNotFoundError: the file of weights does not exist.
    ValueError: unknown name, or weights that are not given or damaged.
  """
  return pick('The feature net', name, FEATURES)(files, resize)


def digest(examples: np.ndarray) -> str:
  """Returns the SHA-256 of a set of examples, with its type and shape."""
  state = hashlib.sha256(f'{examples.dtype} {examples.shape}'.encode())
  for chunk in chunks.split(examples):
    state.update(chunk.tobytes())
  return state.hexdigest()
