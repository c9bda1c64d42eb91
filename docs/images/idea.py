"""Draws docs/images/idea.png: the method's idea on Gaussians in the plane.

  python docs/images/idea.py

Three iterations of an imagined run: the fake distribution approaches the real
one. Penalty points and weights are computed by the library with its defaults.
"""

import pathlib

import jax
import jax.numpy as jnp
import matplotlib.pyplot as plt

from jaxgan.config import Penalty
from jaxgan.gan import points

CONFIG = Penalty()
SPREAD = 0.25
REAL = jnp.array([-2.0, 0.0])
# (ratio of the distance to its reference, title).
STAGES = ((1.0, 'far'), (0.5, 'closer'), (0.2, 'close'))
COLORS = {'real': 'C0', 'fake': 'C1', 'penalty points': 'k'}


def weight(ratio: float) -> float:
  """Lambda of the iterative controller."""
  share = CONFIG.floor + (1 - CONFIG.floor) * ratio**CONFIG.power
  return CONFIG.weight * share


def draw(axis: plt.Axes, ratio: float, title: str) -> None:
  """Draws both distributions and the penalty points at one ratio."""
  keys = jax.random.split(jax.random.key(0), 3)
  real = REAL + SPREAD * jax.random.normal(keys[0], (60, 2))
  offset = jnp.array([4.0 * ratio, 0.0])
  fake = REAL + offset + SPREAD * jax.random.normal(keys[1], (60, 2))
  alpha = points.warp(jax.random.uniform(keys[2], (60,)), ratio, CONFIG)
  sets = (real, fake, points.interpolate(real, fake, alpha))
  for (name, color), x in zip(COLORS.items(), sets, strict=True):
    marker = 'x' if name == 'penalty points' else 'o'
    axis.scatter(*x.T, s=16, marker=marker, color=color, alpha=0.7, label=name)
  axis.set(xlim=(-2.8, 2.8), ylim=(-0.9, 1.1), xticks=[], yticks=[])
  axis.set_title(f'{title}: ratio {ratio:g}, lambda {weight(ratio):g}')


def main() -> None:
  """Writes the picture beside this file."""
  figure, axes = plt.subplots(1, 3, figsize=(10, 2.1), layout='constrained')
  for axis, stage in zip(axes, STAGES, strict=True):
    draw(axis, *stage)
  axes[0].legend(loc='upper center', ncols=3, fontsize=8, frameon=False)
  figure.savefig(pathlib.Path(__file__).with_suffix('.png'), dpi=100)


if __name__ == '__main__':
  main()
