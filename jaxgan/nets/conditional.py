"""A critic that is told labels, or must guess them, or codes.

Sources: conditional GAN (Mirza & Osindero, 2014), projection (Miyato & Koyama,
2018, equation 3), auxiliary classifier (Odena et al., 2017), InfoGAN (Chen et
al., 2016).
"""

from typing import NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp

from jaxgan.config import Net
from jaxgan.nets import layers
from jaxgan.types import Array


class Guess(NamedTuple):
  """What a critic takes examples for; no columns where it is not asked.

  Attributes:
    label: [B, classes] logits.
    choice: [B, code_classes] logits.
    numbers: [B, code_size] means.
  """

  label: Array
  choice: Array
  numbers: Array


class Critic(nn.Module):
  """Heads on the features of another critic.

  Attributes:
    config: `classes`, `critic_label`, `code_classes` and `code_size`.
    trunk: a critic that gives its features [B, F].
  """

  config: Net
  trunk: nn.Module

  def __call__(
    self, x: Array, label: Array | None = None, *, train: bool
  ) -> Array:
    """Examples [B, *shape], labels [B] int32 -> scores [B] float32.

    Without labels every example counts as of class 0.
    """
    return self._judge(x, label, train)[0]

  def guess(
    self, x: Array, label: Array | None = None, *, train: bool
  ) -> Guess:
    """Examples [B, *shape] -> guesses, of which none hears the label."""
    return self._judge(x, label, train)[1]

  @nn.compact
  def _judge(
    self, x: Array, label: Array | None, train: bool
  ) -> tuple[Array, Guess]:
    net = self.config
    told = None
    if net.classes and net.critic_label != 'auxiliary':
      label = jnp.zeros(len(x), jnp.int32) if label is None else label
      told = jax.nn.one_hot(label, net.classes)
    if told is not None and net.critic_label == 'concat':
      x = jnp.concatenate([x, _beside(told, x)], axis=-1)
    features = self.trunk(x, train=train)
    score = layers.head(features, 0, net, train)
    if told is not None and net.critic_label == 'projection':
      embed = nn.Dense(features.shape[1], use_bias=False)
      along = layers.run(embed, told, net.critic_norm, train)
      score += jnp.sum(along * features, axis=1)
    guessed = net.classes if net.critic_label == 'auxiliary' else 0
    sizes = guessed, net.code_classes, net.code_size
    return score, Guess(*(_linear(features, n, net, train) for n in sizes))


def wanted(config: Net) -> bool:
  """Whether a configuration has labels or codes at all."""
  return bool(config.classes or guesses(config))


def guesses(config: Net) -> bool:
  """Whether its critic guesses anything."""
  labels = config.classes and config.critic_label == 'auxiliary'
  return bool(labels or config.code_classes or config.code_size)


def _linear(features: Array, size: int, config: Net, train: bool) -> Array:
  if not size:
    return jnp.zeros((len(features), 0), jnp.float32)
  return layers.head(features, size, config, train)


def _beside(told: Array, x: Array) -> Array:
  """Labels [B, classes] as what can be appended to examples [B, ..., C]."""
  if x.ndim == 2:
    return told
  b, h, w, _ = x.shape
  return nn.Dense(h * w, name='plane')(told).reshape(b, h, w, 1)
