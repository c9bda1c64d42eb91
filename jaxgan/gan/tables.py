"""Tables with categories: packs of rows as examples, and the label's loss.

A critic scores packs of P rows (Lin et al., 2018), which show it how much the
rows of a generator differ. A pack is one example for all that follows: its
label is [P], x^ of the penalty lies between a real and a fake pack with one
alpha, and the gradient norm is that over the whole pack.
"""

from typing import TYPE_CHECKING, NamedTuple

import jax.numpy as jnp

from jaxgan.config import Config
from jaxgan.nets.segments import Layout
from jaxgan.types import Array, Batch

if TYPE_CHECKING:
  from jaxgan.data.columns import AnyColumns

# exp(-87) is the smallest normal float32: log of a softmax stays finite.
_LEAST = 1e-37


class Tables(NamedTuple):
  """How rows of a table become examples.

  Attributes:
    layout: of a row.
    pack: P, rows per example.
    weight: of the loss of the label, `loss.condition`.
  """

  layout: Layout
  pack: int = 1
  weight: float = 0.0

  def examples(self, key: Array, batch: Batch) -> Batch:
    """Turns rows [K, B, M] into packs [K, B / P, P, D], and their labels."""
    del key
    steps, size = batch.label.shape
    shape = steps, size // self.pack, self.pack
    image = self.layout.encode(batch.image).reshape(*shape, self.layout.width)
    return Batch(image, batch.label.reshape(shape))

  def cost(self, fake: Array, label: Array) -> Array | float:
    """Weighted mean of -log p, p the softmax of the category asked for.

    Args:
      fake: [B, P, D], of the generator.
      label: [B, P] that it was given.

    Returns:
      A float32 scalar; 0 without labels (Xu et al., 2019, section 4.3).
    """
    if not self.layout.labels:
      return 0.0
    chosen = self.layout.chosen(fake, label)
    return -self.weight * jnp.mean(jnp.log(jnp.maximum(chosen, _LEAST)))


def build(config: Config, columns: 'AnyColumns') -> Tables:
  """Builds the packs of a run.

  Args:
    config: `net.pack` and `loss.condition`.
    columns: of the table.

  Raises:
    ValueError: a net that is made for images.
  """
  if config.net.name not in ('mlp', 'table_mlp'):
    raise ValueError(
      f'net.name is {config.net.name!r} and the data are a table; it must be '
      'table_mlp or mlp.'
    )
  layout = Layout(columns.sizes, columns.labels)
  return Tables(layout, config.net.pack, config.loss.condition)
