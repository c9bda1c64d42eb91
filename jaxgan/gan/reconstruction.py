"""Losses of a translation that compare its images with those of the data.

Sources: L1 of pix2pix (Isola et al., 2017); cycle and identity of CycleGAN (Zhu
et al., 2017, equations 2 and 5.2); the adaptive weight of VQGAN (Esser et al.,
2021, equation 7).
"""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import optax

from jaxgan.config import Config, Loss
from jaxgan.gan import perceptual
from jaxgan.gan.perceptual import Perceptual
from jaxgan.gan.translation import swap
from jaxgan.nets import two_way
from jaxgan.types import Array, Params

# Of the adaptive weight, as in the authors' code.
_SMALL, _LARGEST = 1e-4, 1e4


class Update(NamedTuple):
  """What one update of the generator compares.

  Attributes:
    params: of the generator.
    generate: (params, inputs [B, H W C']) -> images [B, H, W, C].
    adversarial: images [B, H, W, C] -> the weighted loss of their scores.
    z: inputs [B, H W C'].
    real: [B, H, W, C], the true images, or those of the domain.
  """

  params: Params
  generate: Callable[[Params, Array], Array]
  adversarial: Callable[[Array], Array]
  z: Array
  real: Array


class Reconstruction(NamedTuple):
  """The losses of images of a configuration.

  Attributes:
    config: the `loss` section.
    perceptual: the losses of feature maps; None for none.
  """

  config: Loss
  perceptual: Perceptual | None = None

  def total(self, value: Array, fake: Array, update: Update) -> Array:
    """The loss of the generator.

    Args:
      value: the weighted loss of the scores of `fake`.
      fake: [B, H, W, C], of the inputs of the update.
      update: the rest.
    """
    if self.config.adversarial_balance == 'adaptive':
      value *= self.balance(update)
    return value + self._cost(update.params, fake, update)

  def balance(self, update: Update) -> Array:
    """The factor of the adversarial loss, by the last layer of the generator.

    The gradient norm of the losses of images over that of the adversarial loss,
    both with respect to the last kernel, at most 10^4. No gradient flows
    through it.
    """
    params = jax.lax.stop_gradient(update.params)

    def both(last: Params) -> tuple[Array | float, Array]:
      now = two_way.merged(params, last)
      fake = update.generate(now, update.z)
      return self._cost(now, fake, update), update.adversarial(fake)

    _, pull = jax.vjp(both, two_way.last_layers(params))
    one, zero = jnp.ones(()), jnp.zeros(())
    image, score = (
      optax.tree.norm(pull(of)[0]) for of in ((one, zero), (zero, one))
    )
    # The loss of the scores has its weight already, which stays a factor.
    score /= self.config.adversarial
    weight = jnp.minimum(image / (score + _SMALL), _LARGEST)
    return jax.lax.stop_gradient(weight)

  def _cost(self, params: Params, fake: Array, update: Update) -> Array:
    def generate(z: Array) -> Array:
      return update.generate(params, z)

    value = jnp.zeros((), jnp.float32)
    value += cost(self.config, generate, fake, update.real)
    if self.perceptual:
      value += self.perceptual(fake, update.real)
    return value


def cost(
  config: Loss, generate: Callable[[Array], Array], fake: Array, real: Array
) -> Array | float:
  """The weighted sum of the losses of pixels; 0 for a game without them.

  In unpaired data, examples alternate between the domains, and the input of an
  example is the image before or after it.

  Args:
    config: gives `l1`, `cycle` and `identity`.
    generate: inputs [B, H W C] -> images [B, H, W, C].
    fake: [B, H, W, C], of the inputs of the batch.
    real: [B, H, W, C], the true images, or those of the domain.
  """
  total: Array | float = 0.0
  if config.l1:
    total += config.l1 * _distance(fake, real)
  if config.cycle:  # There and back again: to the input of the neighbor.
    total += config.cycle * _distance(generate(_flat(swap(fake))), real)
  if config.identity:
    total += config.identity * _distance(generate(_flat(real)), real)
  return total


def build(config: Config, shape: tuple[int, ...]) -> Reconstruction | None:
  """Builds the losses of images of a configuration; None for no translation.

  Args:
    config: the run.
    shape: (H, W, C) of the images.

  Raises:
    FileNotFoundError: a file of the losses of features does not exist.
    ValueError: such a file is damaged or does not fit the images.
  """
  if config.game != 'translation':
    return None
  return Reconstruction(config.loss, perceptual.build(config.loss, shape))


def _flat(x: Array) -> Array:
  return x.reshape(len(x), -1)


def _distance(x: Array, y: Array) -> Array:
  return jnp.mean(jnp.abs(x - y))
