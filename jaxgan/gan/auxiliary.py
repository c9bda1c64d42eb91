"""Auxiliary losses: the critic predicts labels (ACGAN) and codes (InfoGAN).

Labels are predicted for real examples and fakes (Odena et al., 2017), codes for
fakes alone (Chen et al., 2016, equation 5, with a normal law of deviation 1 for
continuous codes). Both players are trained on the cross-entropy.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax.numpy as jnp
import optax

from jaxgan.config import Loss
from jaxgan.gan.networks import Networks
from jaxgan.nets import latents
from jaxgan.nets.conditional import Predictions
from jaxgan.nets.latents import Parts
from jaxgan.types import Array, Variables

Predict = Callable[[Array], Any]  # -> Predictions; flax does not type it.


class Targets(NamedTuple):
  """The critic's predictions for one batch, and the right answers.

  Attributes:
    predict: examples [B, ...] -> predictions.
    label: [B] int32, of the real examples and of the fakes.
    parts: of the fakes' latents.
  """

  predict: Predict
  label: Array
  parts: Parts


def targets(
  networks: Networks, critic: Variables, label: Array, z: Array, key: Array
) -> Targets:
  """The targets of a batch of labels [B] and latents [B, width].

  Args:
    networks: of the run.
    critic: its variables.
    label: of the examples.
    z: of the fakes.
    key: of dropout.
  """
  predict = networks.score(critic, label, key, method='predict')
  return Targets(predict, label, latents.of(networks.config).split(z))


def real_loss(config: Loss, targets: Targets, real: Array) -> Array:
  """`auxiliary` x cross-entropy of the labels of real examples."""
  return config.auxiliary * _label_loss(targets.predict(real), targets.label)


def fake_loss(
  config: Loss, targets: Targets, fake: Array
) -> tuple[Array, Array]:
  """`auxiliary` x label loss of fakes + `information` x -log Q(code | fake).

  Returns:
    The loss, and the accuracy of the predicted categorical code, or of the
    label where there is no such code; 0 where neither is predicted.
  """
  predicted, parts = targets.predict(fake), targets.parts
  loss = config.auxiliary * _label_loss(predicted, targets.label)
  information = jnp.zeros((), jnp.float32)
  if predicted.choice.shape[1]:
    information += jnp.mean(
      optax.softmax_cross_entropy(predicted.choice, parts.choice)
    )
  if predicted.numbers.shape[1]:
    square = jnp.square(predicted.numbers - parts.numbers)
    information += jnp.mean(jnp.sum(square, axis=1)) / 2
  return loss + config.information * information, _accuracy(predicted, targets)


def _accuracy(predicted: Predictions, targets: Targets) -> Array:
  if predicted.choice.shape[1]:
    logits, true = predicted.choice, jnp.argmax(targets.parts.choice, axis=1)
  elif predicted.label.shape[1]:
    logits, true = predicted.label, targets.label
  else:
    return jnp.zeros((), jnp.float32)
  return jnp.mean((jnp.argmax(logits, axis=1) == true).astype(jnp.float32))


def _label_loss(predicted: Predictions, label: Array) -> Array:
  if not predicted.label.shape[1]:
    return jnp.zeros((), jnp.float32)
  return jnp.mean(
    optax.softmax_cross_entropy_with_integer_labels(predicted.label, label)
  )
