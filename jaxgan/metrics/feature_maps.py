"""Feature maps of the feature nets, for losses that compare images by them."""

import pathlib
from collections.abc import Callable, Mapping
from typing import Any

import jax
import jax.numpy as jnp

from jaxgan.metrics import (
  classifier_files,
  classifier_net,
  inception,
  inception_weights,
  npz,
)
from jaxgan.types import Array, Variables

# Images [B, H, W, C] float32 in [-1, 1] -> maps [B, h, w, c] by name.
Maps = Callable[[Array], dict[str, Array]]

# Of Inception; of a classifier all blocks or convolutions are used.
_INCEPTION_LAYERS = ('stem', 'Mixed_5d', 'Mixed_6e')


def load(name: str, shape: tuple[int, ...]) -> Maps:
  """Loads a feature net.

  Args:
    name: `digits` or `mnist`, or the path of an .npz that `jaxgan.classify` or
      `jaxgan.convert_inception` wrote.
    shape: (H, W, C) of the images.

  Returns:
    A differentiable function. Its maps are those of `conv_1` to `conv_3` of a
    digit classifier (after the ReLU), of `block_1` to `block_4` of another
    classifier, or of `stem`, `Mixed_5d` and `Mixed_6e` of Inception, which gets
    the images enlarged to 299 pixels.

  Raises:
    FileNotFoundError: the file does not exist.
    ValueError: it is damaged, or its net takes other images.
  """
  path = classifier_files.SHIPPED.get(name, pathlib.Path(name))
  if 'record' in npz.read(path, 'jaxgan.classify'):
    return _of_classifier(path, shape)
  weights = inception_weights.load(path)
  if shape[2] != inception.CHANNELS:
    raise _unfit(path, '[H, W, 3]', shape)
  variables = weights.variables

  def maps(x: Array) -> dict[str, Array]:
    side = inception.SIDE
    wide = jax.image.resize(x, (len(x), side, side, x.shape[-1]), 'bilinear')
    all_maps = _maps(inception.Inception(), variables, wide)
    return {layer: all_maps[f'{layer}_map'] for layer in _INCEPTION_LAYERS}

  return maps


def _of_classifier(path: pathlib.Path, shape: tuple[int, ...]) -> Maps:
  classifier = classifier_files.load(path)
  if classifier.shape != tuple(shape):
    raise _unfit(path, str(list(classifier.shape)), shape)
  net = classifier_net.build(classifier.shape, classifier.classes)
  return lambda x: _maps(net, {'params': classifier.params}, x)


def _unfit(
  path: pathlib.Path, takes: str, shape: tuple[int, ...]
) -> ValueError:
  return ValueError(
    f'loss.features_net is {path}, which takes images {takes}, and those of '
    f'the run are {list(shape)}; both must be equal.'
  )


def _maps(net: Any, variables: Variables, x: Array) -> dict[str, Array]:
  _, sown = net.apply(variables, x, mutable=['intermediates'])
  layers: Mapping[str, tuple[Array]] = sown['intermediates']
  return {name: value[0] for name, value in layers.items() if _is_map(value)}


def _is_map(value: Any) -> bool:
  return isinstance(value, tuple) and jnp.ndim(value[0]) == 4
