"""Optimizers and schedules against their closed forms."""

import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan.config import Config, Optim, Optimizer, Train
from jaxgan.gan import hyper, optimizers


def descend(config, gradients, steps=10, player='gen'):
  """The parameter after each of the given gradients, from 1."""
  run = Config(
    optim=Optim(gen=config, critic=config),
    train=Train(steps=steps, critic_steps=5),
  )
  pair = optimizers.build(run, hyper.from_config(run))
  optimizer = getattr(pair, player)
  params = {'kernel': jnp.ones((1, 1)), 'bias': jnp.ones((1,))}
  state = optimizer.init(params)
  path = []
  for gradient in gradients:
    grads = {k: jnp.full_like(v, gradient) for k, v in params.items()}
    updates, state = optimizer.update(grads, state, params)
    params = {k: v + updates[k] for k, v in params.items()}
    path.append({k: float(v.squeeze()) for k, v in params.items()})
  return path


def kernels(path):
  return [point['kernel'] for point in path]


def test_sgd():
  plain = Optimizer(name='sgd', lr=0.1, b1=0.0)
  assert kernels(descend(plain, [1, 2])) == pytest.approx([0.9, 0.7])
  heavy = Optimizer(name='sgd', lr=0.1, b1=0.5)
  assert kernels(descend(heavy, [1, 1])) == pytest.approx([0.9, 0.75])


def test_adam():
  config = Optimizer(name='adam', lr=0.1, b1=0.5, b2=0.9)
  # Corrected moments of equal gradients are 1: each step is lr long.
  assert kernels(descend(config, [3, 3])) == pytest.approx([0.9, 0.8])


def test_rmsprop():
  config = Optimizer(name='rmsprop', lr=0.1, b2=0.75)
  # The mean square of the first gradient g is g^2 / 4.
  assert kernels(descend(config, [3])) == pytest.approx([0.8], rel=1e-4)


@pytest.mark.parametrize(
  ('schedule', 'shares'),
  [
    ('constant', [1.0] * 5),
    ('linear', [1.0, 0.8, 0.6, 0.4, 0.2]),
    ('cosine', [0.2 + 0.4 * (1 + np.cos(np.pi * t / 4)) for t in range(5)]),
    ('exponential', [0.2 ** (t / 4) for t in range(5)]),
  ],
)
def test_schedules(schedule, shares):
  config = Optimizer(name='sgd', lr=0.1, b1=0.0, schedule=schedule, lr_end=0.2)
  path = [1.0, *kernels(descend(config, [1] * 5, steps=4))]
  assert -np.diff(path) == pytest.approx(0.1 * np.array(shares), rel=1e-4)


def test_a_warm_up_rises_to_the_schedule():
  config = Optimizer(
    name='sgd', lr=0.1, b1=0.0, schedule='linear', lr_end=0.0, warmup_steps=2
  )
  path = [1.0, *kernels(descend(config, [1] * 5, steps=5))]
  shares = np.array([0.5, 1, 1, 1, 1]) * [1.0, 0.8, 0.6, 0.4, 0.2]
  assert -np.diff(path) == pytest.approx(0.1 * shares, rel=1e-4)
  path = [1.0, *kernels(descend(config, [1] * 12, steps=5, player='critic'))]
  assert -np.diff(path)[0] == pytest.approx(0.01, rel=1e-4)
  assert -np.diff(path)[9] == pytest.approx(0.1 * 16 / 25, rel=1e-4)


def test_the_schedule_of_the_critic_ends_with_that_of_the_generator():
  config = Optimizer(name='sgd', lr=0.1, b1=0.0, schedule='linear')
  path = kernels(descend(config, [1] * 30, steps=4, player='critic'))
  moves = -np.diff(path)
  assert moves[18] > 0  # Update 19 of 4 x 5 is the last that moves.
  assert moves[19] == 0


def test_clipping_bounds_the_norm_of_both_together():
  config = Optimizer(name='sgd', lr=1.0, b1=0.0, clip_norm=0.5)
  end = descend(config, [3.0])[0]
  assert end['kernel'] == pytest.approx(1 - 0.5 / np.sqrt(2))


def test_weight_decay_shrinks_kernels_and_spares_biases():
  config = Optimizer(name='sgd', lr=0.1, b1=0.0, weight_decay=0.5)
  assert descend(config, [0.0])[0] == pytest.approx({'kernel': 0.95, 'bias': 1})
