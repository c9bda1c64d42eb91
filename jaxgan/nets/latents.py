"""Distribution of the generator's inputs: noise, code and label.

A latent is one vector: Z values of noise, then the code that the critic must
predict (a one-hot choice, and numbers), then the one-hot label. Runs without
codes or labels have shorter latents. So code that stores or interpolates
latents does not depend on their parts.
"""

import itertools
from collections.abc import Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.stats import norm

from jaxgan.config import Net
from jaxgan.types import Array

_COLUMNS = 8  # Columns of a grid of numbers.
_MAX_BYTES = 2**32  # Of the latents of one grid.

# Kind of a grid -> the key of `net` that gives the size of the part it varies.
_PARTS = {
  'choices': 'code_classes',
  'numbers': 'code_size',
  'labels': 'classes',
}


class Parts(NamedTuple):
  """The parts of a batch of latents.

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
  """A distribution of latent vectors.

  Attributes:
    size: Z, the length of the noise.
    distribution: of the noise, a value of `net.latent`: `normal`, `uniform` in
      [-1, 1), or `truncated` normal.
    bound: of the truncated normal.
    code_classes: number of values of the choice; 0 for none.
    code_size: number of numbers in the code; 0 for none.
    classes: number of labels; 0 for none.
  """

  size: int
  distribution: str = 'normal'
  bound: float = 2.0
  code_classes: int = 0
  code_size: int = 0
  classes: int = 0

  @property
  def width(self) -> int:
    """Length of a whole latent."""
    return self.size + self.code_classes + self.code_size + self.classes

  def draw(self, key: Array, num: int, label: Array | None = None) -> Array:
    """Draws latents [num, width] float32.

    Labels are [num] int32, or None for all classes in turn. Without classes
    only their shape counts: for packs [num, P] the latents are [num, P, width].
    """
    lead = (num,) if label is None else label.shape
    parts = [self._noise(key, lead)]
    choice_key, number_key = (jax.random.fold_in(key, i) for i in (2, 3))
    if self.code_classes:
      choice = jax.random.randint(choice_key, lead, 0, self.code_classes)
      parts.append(jax.nn.one_hot(choice, self.code_classes))
    if self.code_size:
      shape = *lead, self.code_size
      parts.append(jax.random.uniform(number_key, shape, minval=-1.0))
    if self.classes:
      label = jnp.arange(num) % self.classes if label is None else label
      parts.append(jax.nn.one_hot(label, self.classes))
    return jnp.concatenate(parts, axis=-1) if len(parts) > 1 else parts[0]

  def split(self, z: Array) -> Parts:
    """Splits latents [B, width] into their parts."""
    sizes = self.size, self.code_classes, self.code_size
    return Parts(*jnp.split(z, tuple(itertools.accumulate(sizes)), axis=1))

  def truncated(self, bound: float) -> 'Latents':
    """Restricts normal noise to [-bound, bound], for sampling.

    A smaller bound gives fewer unrealistic images and less variety (Brock et
    al., 2019).

    Raises:
      ValueError: the latents are uniform.
    """
    if self.distribution == 'uniform':
      raise ValueError(
        f'The truncation is {bound:g} and the latents of this run are uniform; '
        'only normal latents can be truncated.'
      )
    return self._replace(distribution='truncated', bound=bound)

  def interpolate(
    self, key: Array, num: int, label: Array | None = None
  ) -> Array:
    """Interpolates between two random latents: [num, width], both included.

    Normal noise is interpolated on the great circle (slerp): nearly all normal
    vectors have the same length, and the middle of a straight line would be
    shorter (White, 2016). Uniform noise is interpolated linearly. Code and
    label are those of the first latent. `num` is at least 2; labels as for
    `draw`.
    """
    start, end = self.draw(key, 2, None if label is None else label[:2])
    t = jnp.linspace(0.0, 1.0, num)[:, None]
    noise = self._interpolate_noise(start[: self.size], end[: self.size], t)
    rest = jnp.tile(start[self.size :], (num, 1))
    return jnp.concatenate([noise, rest], axis=1)

  def walk(self, key: Array, num: int, frames: int, label: int = -1) -> Array:
    """Walks from `num` latents through others and back: [frames, num, width].

    Each frame is a draw of this distribution. A point cos(t) a + sin(t) b on
    the circle through two normal vectors is normal too; other distributions
    are functions of it. Code and label stay as in the first frame.

    Args:
      key: a PRNG key.
      num: number of latents in a frame.
      frames: number of frames; the one after the last would be the first.
      label: class of all latents; -1 for all classes in turn.

    Raises:
      ValueError: an unknown label, or the latents need more than 4 GiB.
    """
    self._check('random', label, num * frames)
    start_key, end_key = jax.random.split(key)
    first = self.draw(start_key, num, _repeat(label, num))
    start, end = jax.random.normal(end_key, (2, num, self.size))
    t = 2 * jnp.pi * jnp.arange(frames)[:, None, None] / frames
    noise = self._of_normal(jnp.cos(t) * start[None] + jnp.sin(t) * end[None])
    rest = jnp.tile(first[:, self.size :], (frames, 1, 1))
    return jnp.concatenate([noise, rest], axis=2)

  def grid(
    self, kind: str, key: Array, num: int, label: int = -1
  ) -> tuple[Array, int]:
    """Draws latents for a grid of samples.

    Args:
      kind: `random`, `interpolation`, or the only part that changes within a
        row: `choices`, `numbers` (the first one, from -1 to 1) or `labels`.
      key: a PRNG key.
      num: number of latents, rounded up to full rows.
      label: class of all latents; -1 for all classes in turn, and for `labels`.

    Returns:
      [num or more, width], and the number of columns of the grid; 0 for any.

    Raises:
      ValueError: the latents lack the class or the part, a grid of labels is
        requested for one label, or the latents need more than 4 GiB.
    """
    self._check(kind, label, num)
    if kind == 'interpolation':
      return self.interpolate(key, num, _repeat(label, num)), num
    if kind not in _PARTS:
      return self.draw(key, num, _repeat(label, num)), 0
    start, values = self._row(kind, num)
    columns, rows = len(values), -(-num // len(values))
    z = jnp.repeat(self.draw(key, rows, _repeat(label, rows)), columns, 0)
    part = slice(start, start + values.shape[1])
    return z.at[:, part].set(jnp.tile(values, (rows, 1))), columns

  def _row(self, kind: str, num: int) -> tuple[int, Array]:
    """First position of the changing part, and its values in a row."""
    if kind == 'choices':
      return self.size, jnp.eye(self.code_classes)
    if kind == 'numbers':
      values = jnp.linspace(-1.0, 1.0, min(num, _COLUMNS))
      return self.size + self.code_classes, values[:, None]
    return self.width - self.classes, jnp.eye(self.classes)

  def _check(self, kind: str, label: int, num: int) -> None:
    key = _PARTS.get(kind)
    most = _MAX_BYTES // (4 * self.width)
    if num > most:
      raise ValueError(
        f'The number of samples is {num}; it must be at most {most}, since '
        f'their latents of {self.width} values are in memory at once; draw '
        'more with several seeds.'
      )
    if label >= 0 and label >= self.classes:
      raise ValueError(
        f'The label is {label} and net.classes of this run is {self.classes}; '
        'a label must be below net.classes.'
      )
    if key and not getattr(self, key):
      raise ValueError(
        f'net.{key} of this run is 0, so its latents have no {kind}; train a '
        'run where it is above 0.'
      )
    if kind == 'labels' and label >= 0:
      raise ValueError(
        f'The label is {label} and the grid has all labels in each row; omit '
        'the label.'
      )

  def _noise(self, key: Array, lead: tuple[int, ...]) -> Array:
    shape = *lead, self.size
    if self.distribution == 'uniform':
      return jax.random.uniform(key, shape, minval=-1.0)
    if self.distribution == 'truncated':
      return jax.random.truncated_normal(key, -self.bound, self.bound, shape)
    return jax.random.normal(key, shape)

  def _of_normal(self, x: Array) -> Array:
    """Turns normal values into values of the distribution of the noise."""
    if self.distribution == 'uniform':
      return 2 * norm.cdf(x) - 1
    if self.distribution == 'truncated':
      low, high = norm.cdf(-self.bound), norm.cdf(self.bound)
      return norm.ppf(low + (high - low) * norm.cdf(x))
    return x

  def _interpolate_noise(self, start: Array, end: Array, t: Array) -> Array:
    if self.distribution == 'uniform':
      return (1 - t) * start[None] + t * end[None]
    lengths = jnp.linalg.norm(start) * jnp.linalg.norm(end)
    angle = jnp.arccos(jnp.clip(jnp.dot(start, end) / lengths, -1.0, 1.0))
    first = jnp.sin((1 - t) * angle) * start[None]
    return (first + jnp.sin(t * angle) * end[None]) / jnp.sin(angle)


def _repeat(label: int, num: int) -> Array | None:
  return None if label < 0 else jnp.full(num, label)


def proportional_labels(counts: Sequence[int], num: int) -> np.ndarray:
  """Labels in the proportions of the data, also in every prefix.

  The k-th label (k = 0, 1, ...) of class c has position (k + 1/2) / counts[c],
  and labels are sorted by position, then by class (the Sainte-Lague method of
  seat allocation). So sum(counts) labels have counts[c] of class c, and equal
  counts give all classes in turn.

  Args:
    counts: number of examples of each class; their sum is at least 1.
    num: number of labels.

  Returns:
    [num] int32, a prefix of the labels for any larger num.
  """
  sizes = np.asarray(counts, np.float64)
  # At least as many labels of each class as the first `num` labels contain.
  most = np.ceil(sizes * (num + len(sizes)) / sizes.sum()).astype(int)
  label = np.repeat(np.arange(len(sizes), dtype=np.int32), most)
  k = np.arange(len(label)) - np.repeat(np.cumsum(most) - most, most)
  order = np.lexsort((label, (k + 0.5) / sizes[label]))
  return label[order[:num]]


def of(config: Net) -> Latents:
  """The distribution of latents that a configuration describes."""
  return Latents(
    config.latent_size,
    config.latent,
    config.latent_bound,
    config.code_classes,
    config.code_size,
    config.classes,
  )
