"""The two nets as functions of what a game is played with.

Both are pure: random numbers come from keys, and what the nets remember
(averages of batch norm, vectors of spectral norm) goes in and comes out.
"""

import flax.linen as nn
import jax
from jax.sharding import NamedSharding

from jaxgan.config import Net
from jaxgan.data.ranges import to_float
from jaxgan.nets import latents, multiscale
from jaxgan.types import Array, Pair, Score, Variables


class Players:
  """The generator and the critic in training.

  Attributes:
    config: of the nets.
    nets: as built by `nets.build`.
    latents: what the generator starts from.
    examples: where batches live; None leaves that to the compiler.
  """

  def __init__(
    self,
    config: Net,
    nets: Pair[nn.Module],
    examples: NamedSharding | None = None,
  ) -> None:
    self.config = config
    self.nets = nets
    self.latents = latents.of(config)
    self.examples = examples

  def draw(self, key: Array, label: Array, size: int) -> Array:
    """[B, width] latents for labels [B], spread over the devices."""
    z = self.latents.draw(key, size, label)
    if self.examples is not None:
      z = jax.lax.with_sharding_constraint(z, self.examples)
    return z

  def real(self, examples: Array) -> Array:
    """uint8 images or float32 vectors [B, ...] as the critic compares them."""
    return multiscale.seen(to_float(examples), self.config)

  def generate(
    self, variables: Variables, z: Array, key: Array
  ) -> tuple[Array, Variables]:
    """Fakes of the shape of `real`, and the updated statistics.

    Args:
      variables: of the generator.
      z: [B, width] latents.
      key: of what is random in a generator beside its latents.
    """
    many = self.config.name == 'multiscale'
    return self.nets.gen.apply(
      variables,
      z,
      train=True,
      mutable=list(remembered(variables)),
      rngs={'noise': key},
      method='scales' if many else '__call__',
    )

  def score(
    self,
    variables: Variables,
    label: Array,
    key: Array,
    method: str = '__call__',
  ) -> Score:
    """The critic as a function of examples alone: labels come along.

    Args:
      variables: of the critic.
      label: [B] int32.
      key: of dropout; equal keys drop the same of example i of any batch.
      method: of the critic: `code` or `guess` instead of the scores.
    """
    return lambda x: self._critic(variables, x, label, key, method)[0]

  def statistics(
    self, variables: Variables, x: Array, label: Array, key: Array
  ) -> Variables:
    """The critic's averages and spectral vectors, one training pass later."""
    if not remembered(variables):
      return {}
    return self._critic(variables, x, label, key, '__call__')[1]

  def _critic(
    self,
    variables: Variables,
    x: Array,
    label: Array,
    key: Array,
    method: str,
  ) -> tuple[Array, Variables]:
    # Batch norm in a critic (without a penalty) always uses its own batch.
    return self.nets.critic.apply(
      variables,
      x,
      label,
      train=True,
      mutable=list(remembered(variables)),
      rngs={'dropout': key},
      method=method,
    )


def remembered(variables: Variables) -> dict:
  """All collections but the parameters."""
  return {name: v for name, v in variables.items() if name != 'params'}
