"""What it costs a critic, and a generator, when the critic guesses wrong.

Guesses of the label (ACGAN: Odena et al., 2017) are of real examples and of
fakes; guesses of the code (InfoGAN: Chen et al., 2016, equation 5, with a
normal law of deviation 1 for its numbers) are of fakes alone, since real
examples have none. Both players gain from a right guess.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax.numpy as jnp
import optax

from jaxgan.config import Loss
from jaxgan.nets.conditional import Guess
from jaxgan.nets.latents import Parts
from jaxgan.types import Array

Guesser = Callable[[Array], Any]  # -> Guess, but that flax does not say so.


class Asked(NamedTuple):
  """What the critic is asked about one batch.

  Attributes:
    guess: examples [B, ...] -> guesses.
    label: [B] int32, of the real examples and of the fakes.
    parts: of the fakes' latents.
  """

  guess: Guesser
  label: Array
  parts: Parts


def of_real(config: Loss, asked: Asked, real: Array) -> Array:
  """auxiliary x cross-entropy of the labels of real examples."""
  return config.auxiliary * _labels(asked.guess(real), asked.label)


def of_fakes(config: Loss, asked: Asked, fake: Array) -> tuple[Array, Array]:
  """auxiliary x that of fakes + information x -log Q(code | fake).

  Returns:
    The cost, and the share of fakes whose choice is guessed right, or where
    there is none whose label is; 0 where neither is guessed.
  """
  guess, parts = asked.guess(fake), asked.parts
  cost = config.auxiliary * _labels(guess, asked.label)
  information = jnp.zeros((), jnp.float32)
  if guess.choice.shape[1]:
    information += jnp.mean(
      optax.softmax_cross_entropy(guess.choice, parts.choice)
    )
  if guess.numbers.shape[1]:
    square = jnp.square(guess.numbers - parts.numbers)
    information += jnp.mean(jnp.sum(square, axis=1)) / 2
  return cost + config.information * information, _right(guess, asked)


def _right(guess: Guess, asked: Asked) -> Array:
  if guess.choice.shape[1]:
    found, true = guess.choice, jnp.argmax(asked.parts.choice, axis=1)
  elif guess.label.shape[1]:
    found, true = guess.label, asked.label
  else:
    return jnp.zeros((), jnp.float32)
  return jnp.mean((jnp.argmax(found, axis=1) == true).astype(jnp.float32))


def _labels(guess: Guess, label: Array) -> Array:
  if not guess.label.shape[1]:
    return jnp.zeros((), jnp.float32)
  return jnp.mean(
    optax.softmax_cross_entropy_with_integer_labels(guess.label, label)
  )
