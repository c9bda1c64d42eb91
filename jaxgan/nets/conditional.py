"""Critic that reads labels, or has auxiliary heads for labels and codes.

Sources: conditional GAN (Mirza & Osindero, 2014), projection (Miyato & Koyama,
2018, equation 3), auxiliary classifier (Odena et al., 2017), InfoGAN (Chen et
al., 2016).
"""

from typing import NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp

import jaxgan.config as config_lib
from jaxgan.nets import base, initializers, layers
from jaxgan.nets.precision import Net
from jaxgan.types import Array


class Predictions(NamedTuple):
  """Outputs of the auxiliary heads; a missing head has 0 columns.

  Attributes:
    label: [B, classes] logits.
    choice: [B, code_classes] logits.
    numbers: [B, code_size] means.
  """

  label: Array
  choice: Array
  numbers: Array


class Critic(nn.Module):
  """Score and auxiliary heads on the features of another critic.

  Attributes:
    config: `classes`, `critic_label`, `code_classes` and `code_size`.
    trunk: a critic that outputs its features [B, F].
  """

  config: Net
  trunk: nn.Module

  def __call__(
    self, x: Array, label: Array | None = None, *, train: bool
  ) -> Array:
    """Examples [B, *shape], labels [B] int32 -> scores [B] float32.

    Without labels all examples count as class 0.
    """
    return self._heads(x, label, train)[0]

  def predict(
    self, x: Array, label: Array | None = None, *, train: bool
  ) -> Predictions:
    """Examples [B, *shape] -> predictions of labels and codes.

    Auxiliary heads of labels exist only if the critic does not read labels.
    """
    return self._heads(x, label, train)[1]

  @nn.compact
  def _heads(
    self, x: Array, label: Array | None, train: bool
  ) -> tuple[Array, Predictions]:
    net = self.config
    one_hot = None
    if net.classes and net.critic_label != 'auxiliary':
      label = jnp.zeros(x.shape[0], jnp.int32) if label is None else label
      one_hot = jax.nn.one_hot(label, net.classes)
    if one_hot is not None and net.critic_label == 'concat':
      x = jnp.concatenate([x, _as_channel(one_hot, x)], axis=-1)
    features = self.trunk(x, train=train)
    score = base.head(features, 0, net, train)
    if one_hot is not None and net.critic_label == 'projection':
      # Of the size of the score: its default init would make it larger by the
      # root of features / classes, and the first slopes too.
      dense = nn.Dense(
        features.shape[1], use_bias=False, kernel_init=initializers.fan_out
      )
      embedding = layers.apply_layer(dense, one_hot, net.critic_norm, train)
      score += jnp.sum(embedding * features, axis=1)
    classes = net.classes if net.critic_label == 'auxiliary' else 0
    sizes = classes, net.code_classes, net.code_size
    heads = (_auxiliary(features, n, net, train) for n in sizes)
    return score, Predictions(*heads)


def has_auxiliary(config: config_lib.Net) -> bool:
  """Whether the critic of a configuration has auxiliary heads."""
  labels = config.classes and config.critic_label == 'auxiliary'
  return bool(labels or config.code_classes or config.code_size)


def _auxiliary(features: Array, size: int, config: Net, train: bool) -> Array:
  if not size:
    return jnp.zeros((features.shape[0], 0), jnp.float32)
  return base.head(features, size, config, train)


def _as_channel(one_hot: Array, x: Array) -> Array:
  """Reshapes labels [B, classes] so that they can be appended to x."""
  if x.ndim == 2:
    return one_hot
  b, h, w, _ = x.shape
  return nn.Dense(h * w, name='plane')(one_hot).reshape(b, h, w, 1)
