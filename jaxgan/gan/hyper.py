"""Scalars of the configuration that are data of the step, not constants in it.

A single run binds them as Python numbers. Runs that share one vmapped program
(`vmapped`) pass those in which they differ as arrays.
"""

from collections.abc import Mapping
from typing import NamedTuple

from jaxgan.config import Config
from jaxgan.types import Array

Scalar = Array | float


class Hyper(NamedTuple):
  """The hyper-parameters that may differ between runs of one program.

  Attributes:
    weight: lambda while ratio is 1.
    floor: smallest weight, as a share of `weight`.
    power: p of ratio^p.
    rate: largest change of ratio per iteration.
    decay: of the reference distance, per iteration.
    smoothing: decay of the moving averages of gap and gradient norm.
    gen_lr, critic_lr: learning rates at the start of their schedules.
  """

  weight: Scalar
  floor: Scalar
  power: Scalar
  rate: Scalar
  decay: Scalar
  smoothing: Scalar
  gen_lr: Scalar
  critic_lr: Scalar


# Config key -> field.
KEYS: Mapping[str, str] = {
  **{f'penalty.{name}': name for name in Hyper._fields[:6]},
  'optim.gen.lr': 'gen_lr',
  'optim.critic.lr': 'critic_lr',
}


def from_config(config: Config) -> Hyper:
  """The scalars of one run, as Python floats."""
  penalty = {name: getattr(config.penalty, name) for name in Hyper._fields[:6]}
  optim = config.optim
  return Hyper(**penalty, gen_lr=optim.gen.lr, critic_lr=optim.critic.lr)
