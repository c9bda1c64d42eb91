"""What generators start from: noise, and what shall be seen in the sample.

A latent is one vector: Z numbers of noise, then the code (a choice, one-hot,
and numbers) where the critic must guess one, then the label, one-hot, where
there is conditioning. Whatever draws, keeps or interpolates latents need not
know which they have.
"""

import itertools
from collections.abc import Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from jaxgan.config import Net
from jaxgan.types import Array

_COLUMNS = 8  # Of a picture in which a number moves.


class Parts(NamedTuple):
  """A latent taken apart.

  Attributes:
    noise: [B, Z].
    choice: [B, code_classes], one-hot.
    numbers: [B, code_size] in [-1, 1).
    label: [B, classes], one-hot.
  """

  noise: Array
  choice: Array
  numbers: Array
  label: Array


class Latents(NamedTuple):
  """A law of latent vectors.

  Attributes:
    size: Z.
    law: of the noise: `normal`, `uniform` or `truncated`, as `net.latent`.
    bound: of the truncated law.
    code_classes, code_size: of the code; 0 for none.
    classes: of the label; 0 for none.
  """

  size: int
  law: str = 'normal'
  bound: float = 2.0
  code_classes: int = 0
  code_size: int = 0
  classes: int = 0

  @property
  def width(self) -> int:
    """Length of a whole latent."""
    return self.size + self.code_classes + self.code_size + self.classes

  def draw(self, key: Array, num: int, label: Array | None = None) -> Array:
    """[num, width] float32; equal keys give equal latents.

    Args:
      key: a PRNG key.
      num: how many.
      label: [num] int32; None for all classes in turn. Not read where there
        are no classes.
    """
    parts = [self._noise(key, num)]
    choice_key, number_key = (jax.random.fold_in(key, i) for i in (2, 3))
    if self.code_classes:
      choice = jax.random.randint(choice_key, (num,), 0, self.code_classes)
      parts.append(jax.nn.one_hot(choice, self.code_classes))
    if self.code_size:
      shape = num, self.code_size
      parts.append(jax.random.uniform(number_key, shape, minval=-1.0))
    if self.classes:
      label = jnp.arange(num) % self.classes if label is None else label
      parts.append(jax.nn.one_hot(label, self.classes))
    return jnp.concatenate(parts, axis=1) if len(parts) > 1 else parts[0]

  def split(self, z: Array) -> Parts:
    """The parts of latents [B, width]."""
    sizes = self.size, self.code_classes, self.code_size
    return Parts(*jnp.split(z, tuple(itertools.accumulate(sizes)), axis=1))

  def truncated(self, bound: float) -> 'Latents':
    """N(0, I) where numbers beyond `bound` are drawn again, for sampling.

    Fewer odd images and less variety the smaller it is (Brock et al., 2019).

    Raises:
      ValueError: uniform latents, which the generator has learnt instead.
    """
    if self.law == 'uniform':
      raise ValueError(
        f'The truncation is {bound:g} and the latents of this run are uniform; '
        'only normal ones can be truncated.'
      )
    return self._replace(law='truncated', bound=bound)

  def between(self, key: Array, num: int, label: Array | None = None) -> Array:
    """[num, width] on the way from one random latent to another, inclusive.

    On the great circle where the law has one length that nearly all vectors
    have: on a straight line the middle would be shorter than any latent that
    the generator has seen (White, 2016). Uniform latents fill a cube, which
    holds the straight line. Code and label stay those of the first.

    Args:
      key: a PRNG key.
      num: at least 2.
      label: [num] int32, as for `draw`.
    """
    start, end = self.draw(key, 2, None if label is None else label[:2])
    t = jnp.linspace(0.0, 1.0, num)[:, None]
    noise = self._way(start[: self.size], end[: self.size], t)
    kept = jnp.tile(start[self.size :], (num, 1))
    return jnp.concatenate([noise, kept], axis=1)

  def asked(
    self, how: str, key: Array, num: int, label: int = -1
  ) -> tuple[Array, int]:
    """Latents for a picture.

    Args:
      how: `random`, `interpolation`, `choices`, `numbers` or `labels`.
      key: a PRNG key.
      num: how many; rows of choices, numbers and labels are filled up.
      label: of all of them; -1 for all classes in turn, and for `labels`.

    Returns:
      [num or more, width], and the columns of the picture; 0 for as it likes.

    Raises:
      ValueError: a class, choice or number that the latents do not have, or a
        label for rows of all labels.
    """
    given = None
    if label >= 0:
      self._check_label(label)
      given = label
    if how == 'interpolation':
      return self.between(key, num, self._all_of(num, given)), num
    if how == 'choices':
      self._check('net.code_classes', self.code_classes)
      rows = -(-num // self.code_classes)
      return self.choices(key, rows, given), self.code_classes
    if how == 'numbers':
      columns = min(num, _COLUMNS)
      return self.numbers(key, -(-num // columns), columns, given), columns
    if how == 'labels':
      self._check('net.classes', self.classes)
      self._check_no_label(label)
      return self.labels(key, -(-num // self.classes)), self.classes
    return self.draw(key, num, self._all_of(num, given)), 0

  def choices(self, key: Array, rows: int, label: int | None = None) -> Array:
    """[rows * code_classes, width]: in a row only the choice changes.

    Args:
      key: a PRNG key.
      rows: how many.
      label: of all of them; None for a class a row, in turn.

    Raises:
      ValueError: the latents have no choice.
    """
    self._check('net.code_classes', self.code_classes)
    z = self._repeated(key, rows, self.code_classes, label)
    all_of = jnp.tile(jnp.eye(self.code_classes), (rows, 1))
    return z.at[:, self.size : self.size + self.code_classes].set(all_of)

  def numbers(
    self, key: Array, rows: int, columns: int, label: int | None = None
  ) -> Array:
    """[rows * columns, width]: in a row the first number goes from -1 to 1.

    Args:
      key: a PRNG key.
      rows: how many.
      columns: steps on the way.
      label: as for `choices`.

    Raises:
      ValueError: the latents have no numbers.
    """
    self._check('net.code_size', self.code_size)
    z = self._repeated(key, rows, columns, label)
    way = jnp.tile(jnp.linspace(-1.0, 1.0, columns), rows)
    return z.at[:, self.size + self.code_classes].set(way)

  def labels(self, key: Array, rows: int) -> Array:
    """[rows * classes, width]: in a row only the label changes.

    Raises:
      ValueError: the latents have no label.
    """
    self._check('net.classes', self.classes)
    z = self._repeated(key, rows, self.classes, None)
    all_of = jnp.tile(jnp.eye(self.classes), (rows, 1))
    return z.at[:, self.width - self.classes :].set(all_of)

  def _repeated(
    self, key: Array, rows: int, columns: int, label: int | None
  ) -> Array:
    z = self.draw(key, rows, self._all_of(rows, label))
    return jnp.repeat(z, columns, axis=0)

  @staticmethod
  def _all_of(num: int, label: int | None) -> Array | None:
    return None if label is None else jnp.full(num, label)

  def _check_no_label(self, label: int) -> None:
    if label >= 0:
      raise ValueError(
        f'The label is {label} and the latents are rows of all labels; leave '
        'the label out.'
      )

  def _check_label(self, label: int) -> None:
    if not 0 <= label < self.classes:
      raise ValueError(
        f'The label is {label} and net.classes of this run is {self.classes}; '
        'it must be below that.'
      )

  def _check(self, key: str, value: int) -> None:
    if not value:
      raise ValueError(
        f'{key} of this run is 0, so its latents have no such part to move; '
        'train one where it is above 0.'
      )

  def _noise(self, key: Array, num: int) -> Array:
    shape = (num, self.size)
    if self.law == 'uniform':
      return jax.random.uniform(key, shape, minval=-1.0)
    if self.law == 'truncated':
      return jax.random.truncated_normal(key, -self.bound, self.bound, shape)
    return jax.random.normal(key, shape)

  def _way(self, start: Array, end: Array, t: Array) -> Array:
    if self.law == 'uniform':
      return (1 - t) * start[None] + t * end[None]
    lengths = jnp.linalg.norm(start) * jnp.linalg.norm(end)
    angle = jnp.arccos(jnp.clip(jnp.dot(start, end) / lengths, -1.0, 1.0))
    mixed = (
      jnp.sin((1 - t) * angle) * start[None] + jnp.sin(t * angle) * end[None]
    )
    return mixed / jnp.sin(angle)


def in_proportion(counts: Sequence[int], num: int) -> np.ndarray:
  """Labels that occur as often as in the data, and so does any first part.

  Class c stands at (k + 1/2) / counts[c], k = 0, 1, ..., and what stands
  earlier comes earlier, at one place the lower class (Sainte-Lague's way to
  share out seats). So sum(counts) labels hold each class counts[c] times, and
  equal counts are all classes in turn.

  Args:
    counts: how many examples of each class there are, at least one in all.
    num: how many labels.

  Returns:
    [num] int32, the first of any larger num.
  """
  sizes = np.asarray(counts, np.float64)
  # As many of each class as the first num can hold, and a few more.
  most = np.ceil(sizes * (num + len(sizes)) / sizes.sum()).astype(int)
  label = np.repeat(np.arange(len(sizes), dtype=np.int32), most)
  turn = np.arange(len(label)) - np.repeat(np.cumsum(most) - most, most)
  order = np.lexsort((label, (turn + 0.5) / sizes[label]))
  return label[order[:num]]


def of(config: Net) -> Latents:
  """The law of a configuration."""
  return Latents(
    config.latent_size,
    config.latent,
    config.latent_bound,
    config.code_classes,
    config.code_size,
    config.classes,
  )
