"""Prints cost and error of gradient penalties, for docs/regularisers.md.

  python docs/penalty_table.py

Cost: floating-point operations of the gradient of one critic update, as XLA
counts them for the compiled program; 1 is the loss of the scores alone. Error:
of the gradient of the penalty with respect to the parameters, against that of
R1 + R2 on the whole batch, over 16 orders of the batch and directions: its part
along the exact gradient (1 is right), and |estimate - exact| / |exact|. The
critic is that of dcgan, untrained, for images of uniform noise at 32x32, in
batches of 64.
"""

import sys
from collections.abc import Callable, Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

from jaxgan.config import Config, from_config_dict
from jaxgan.gan import controller, objective
from jaxgan.gan import hyper as hyper_lib
from jaxgan.gan import problem as problem_lib

SHAPE, BATCH, DRAWS = (32, 32, 3), 64, 16
FINITE = {'preset': 'r3gan', 'gradient': 'finite'}
# Name -> keys of the penalty, `lazy`, and whether it estimates R1 + R2.
ROWS: Mapping[str, tuple[dict[str, Any], int, bool]] = {
  'none, gradient norm logged': ({'preset': 'none'}, 1, False),
  'none, of a quarter': ({'preset': 'none', 'share': 0.25}, 1, False),
  'WGAN-GP': ({'preset': 'wgan_gp'}, 1, False),
  'R1': ({'preset': 'r1'}, 1, False),
  'R1 + R2': ({'preset': 'r3gan'}, 1, True),
  'R1 + R2, a quarter': ({'preset': 'r3gan', 'share': 0.25}, 1, True),
  'R1 + R2, finite': (FINITE, 1, True),
  'R1 + R2, finite, a quarter': ({**FINITE, 'share': 0.25}, 1, True),
  'R1 + R2, every 4th update': ({'preset': 'r3gan'}, 4, False),
  'R1 + R2, finite, every 4th': (FINITE, 4, False),
}


def config_of(keys: dict[str, Any], lazy: int = 1) -> Config:
  """The configuration of a row."""
  return from_config_dict(
    {
      'net': {'name': 'dcgan', 'conv': 'lax', 'gen_norm': 'none'},
      'loss': {'name': 'relativistic'},
      'penalty': keys,
      'regularisers': {'lazy': lazy},
      'train': {'batch_size': BATCH},
    }
  )


def loss_of(
  config: Config, due: bool | None = None, only_penalty: bool = False
) -> Callable[..., Any]:
  """A function (params, real, fake, key) -> the critic's loss.

  Args:
    config: of a row.
    due: whether a lazy penalty applies; None for one in every update.
    only_penalty: gives GP instead of the loss.
  """
  game = objective.build(config)
  networks = problem_lib.build(config, SHAPE).networks
  control = controller.init(config.penalty, hyper_lib.from_config(config))
  flag = None if due is None else jnp.array(due)

  def loss(params: Any, real: Any, fake: Any, key: Any) -> Any:
    score = networks.score({'params': params}, jnp.zeros(BATCH, int), key)
    inputs = objective.PenaltyInputs(key, control, flag)
    value, seen = game.critic_loss(score, real, fake, inputs)
    metrics, _ = game.report(seen, inputs)
    return (metrics['penalty'] if only_penalty else value), metrics['slope']

  return loss


def plain_loss(params: Any, real: Any, fake: Any, key: Any) -> Any:
  """The loss of the scores alone, without any gradient norm."""
  config = config_of({'preset': 'none'})
  networks = problem_lib.build(config, SHAPE).networks
  score = networks.score({'params': params}, jnp.zeros(BATCH, int), key)
  value = objective.build(config).losses.critic(score(real), score(fake))
  return value, ()


def flops(loss: Callable[..., Any], inputs: tuple) -> float:
  """Operations of the compiled gradient of a loss."""
  gradient = jax.jit(jax.grad(loss, has_aux=True))
  analysis: Any = gradient.lower(*inputs).compile().cost_analysis()
  return float(analysis['flops'])


def cost(keys: dict[str, Any], lazy: int, inputs: tuple) -> float:
  """Operations per critic update, on average over `lazy` updates."""
  config = config_of(keys, lazy)
  if lazy == 1:
    return flops(loss_of(config), inputs)
  on, off = (flops(loss_of(config, due), inputs) for due in (True, False))
  return (on + (lazy - 1) * off) / lazy


def error(keys: dict[str, Any], exact: Any, inputs: tuple) -> str:
  """Cells of a row: the part along the exact gradient, the relative error."""
  params, real, fake, _ = inputs
  loss = loss_of(config_of(keys), only_penalty=True)
  gradient = jax.jit(jax.grad(loss, has_aux=True))
  size, squares, along = float(optax.tree.norm(exact)), [], []
  for key in jax.random.split(jax.random.key(9), DRAWS):
    order = jax.random.permutation(key, BATCH)
    estimate, _ = gradient(params, real[order], fake[order], key)
    difference = jax.tree.map(jnp.subtract, estimate, exact)
    squares.append(float(optax.tree.norm(difference)) ** 2 / size**2)
    along.append(float(optax.tree.vdot(estimate, exact)) / size**2)
  mean = f'{np.mean(along):.2f} +- {np.std(along):.2f}'
  return f'{mean} | {np.mean(squares) ** 0.5:.2f}'


def main() -> None:
  """Prints the table in Markdown."""
  config = config_of({'preset': 'r3gan'})
  networks = problem_lib.build(config, SHAPE).networks
  keys = jax.random.split(jax.random.key(0), 3)
  params = networks.init(keys[0]).critic['params']
  real, fake = (
    jax.random.uniform(k, (BATCH, *SHAPE), minval=-1.0) for k in keys[1:]
  )
  inputs = params, real, fake, keys[0]
  base = flops(plain_loss, inputs)
  loss = loss_of(config, only_penalty=True)
  exact, _ = jax.jit(jax.grad(loss, has_aux=True))(*inputs)
  lines = ['| penalty | cost | along the exact gradient | error |']
  lines += ['|---|---|---|---|', '| none | 1.00 | | |']
  for name, (row, lazy, estimates) in ROWS.items():
    off = error(row, exact, inputs) if estimates else ' | '
    lines.append(f'| {name} | {cost(row, lazy, inputs) / base:.2f} | {off} |')
  sys.stdout.write('\n'.join(lines) + '\n')


if __name__ == '__main__':
  main()
