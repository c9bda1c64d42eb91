"""Gradients in bf16 are near those in float32, through norms and penalties.

The bounds are on the whole gradient of a net: the relative error in the l2 norm
and the cosine. docs/gpu.md has the measured values.
"""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import small
from sklearn.datasets import load_digits

from jaxgan.config import from_config_dict
from jaxgan.gan import hyper as hyper_lib
from jaxgan.gan import penalty
from jaxgan.gan import state as state_lib
from jaxgan.gan.step import Step
from jaxgan.nets import layers, precision
from jaxgan.types import Batch, Pair

SHAPE = (8, 8, 3)
STEPS = 10
BATCH = 16
DECAY = 0.5  # Of Adam's first moment.

WIDTHS = {
  'mlp': ((64, 64), (64, 64)),
  'dcgan': ((32, 16), (16, 32)),
  'resnet': ((16, 16), (16, 16)),
  'stylegan': ((16, 16), (16, 16)),
  'r3gan': ((16, 16), (16, 16)),
}
# Net, norms of generator and critic -> bound on the relative error.
CASES = {
  ('mlp', 'none', 'none'): 0.1,
  ('mlp', 'batch', 'layer'): 0.2,
  ('mlp', 'layer', 'spectral'): 0.1,
  ('dcgan', 'none', 'none'): 0.1,
  ('dcgan', 'batch', 'layer'): 0.17,
  ('dcgan', 'layer', 'spectral'): 0.08,
  ('dcgan', 'batch_spectral', 'none'): 0.08,
  ('dcgan', 'spectral', 'layer'): 0.15,
  ('resnet', 'batch', 'none'): 0.1,
  ('resnet', 'layer', 'layer'): 0.1,
  ('stylegan', 'none', 'none'): 0.15,
  ('r3gan', 'none', 'none'): 0.02,
}


def config(name, gen_norm, critic_norm, value):
  gen, critic = WIDTHS[name]
  # XLA's grouped convolution takes minutes on a CPU.
  conv = 'matmul' if name == 'r3gan' else 'lax'
  adam = {'name': 'adam', 'lr': 1e-3, 'b1': DECAY}
  return from_config_dict(
    {
      'net': {
        'name': name, 'latent_size': 16, 'conv': conv, 'gen_widths': gen,
        'critic_widths': critic, 'gen_norm': gen_norm,
        'critic_norm': critic_norm, 'style_size': 16, 'mapping_layers': 2,
      },
      'optim': {'gen': adam, 'critic': adam},
      'train': {
        'critic_steps': 1, 'batch_size': BATCH, 'steps': 1000,
        'precision': value,
      },
    }
  )  # fmt: skip


class Run:
  """The step of a configuration, whose learning rates are arguments."""

  def __init__(self, config):
    self.config = config
    self.problem = small.problem(config, SHAPE)
    self._step = jax.jit(Step(self.problem).__call__)

  def create(self):
    return jax.jit(lambda: state_lib.create(self.problem))()

  def __call__(self, state, number, lr=1e-3):
    hyper = hyper_lib.from_config(self.config)
    hyper = hyper._replace(gen_lr=lr, critic_lr=lr)
    return self._step(hyper, state, batch(number))

  def gradients(self, state, ratio):
    """Gradients of both nets, each as one vector, while nothing is changed."""
    ratio = jnp.float32(ratio)
    state = dataclasses.replace(
      state,
      opt=jax.tree.map(jnp.zeros_like, state.opt),
      control=state.control._replace(ratio=ratio),
    )
    after, _ = self(state, STEPS, lr=0.0)
    return Pair(*(vector(opt[0].mu) / (1 - DECAY) for opt in after.opt))


def batch(number):
  """Handwritten digits in three equal colors."""
  digits = load_digits().images[BATCH * number :][:BATCH]
  image = (digits * 15).astype(np.uint8)
  image = np.repeat(image[None, ..., None], 3, axis=-1)
  return Batch(image, np.zeros(image.shape[:2], np.int32))


def vector(tree):
  leaves = jax.tree.leaves(tree)
  return np.concatenate([np.ravel(x) for x in leaves]).astype(float)


def error(found, expected):
  return np.linalg.norm(found - expected) / np.linalg.norm(expected)


def cosine(a, b):
  return a @ b / np.linalg.norm(a) / np.linalg.norm(b)


def pairs(case, steps=STEPS):
  """(name, float32, bf16) of gradients: at the start, and after some steps."""
  fine, coarse = (Run(config(*case, p)) for p in ('float32', 'bf16'))
  state = fine.create()
  # With ratio 1 the iterated penalty is that of WGAN-GP.
  states = {'start, wgan_gp': (state, 1.0)}
  for number in range(steps):
    state, _ = fine(state, number)
  states |= {'trained, wgan_gp': (state, 1.0), 'trained': (state, 0.3)}
  for name, at in states.items():
    yield from (
      (f'{name}, {net}', one, other)
      for net, one, other in zip(
        ('gen', 'critic'),
        fine.gradients(*at),
        coarse.gradients(*at),
        strict=True,
      )
    )


@pytest.mark.slow
@pytest.mark.parametrize('case', CASES, ids=', '.join)
def test_gradients_are_near_those_of_float32(case):
  for name, fine, coarse in pairs(case):
    print(*case, name, f'{error(coarse, fine):.4f}', sep=', ')
    assert 1e-4 < error(coarse, fine) < CASES[case], name
    assert cosine(coarse, fine) > 1 - CASES[case] ** 2, name


@pytest.mark.parametrize('layer', ['conv', 'dense', 'spread'])
def test_gradients_of_parameters_are_summed_in_float32(layer):
  """A sum of ones in bfloat16 ends at 256."""
  ones = jnp.ones((64, 16, 16, 1), jnp.bfloat16)
  net = precision.typed(from_config_dict({}).net, 'bf16')
  net = dataclasses.replace(net, conv='lax')
  apply = {
    'conv': layers.conv(net, 1, 1).apply,
    'dense': layers.dense(net, 1, dtype=net.dtype).apply,
    'spread': lambda v, x: x + layers.spread(v['params']['bias'], x),
  }[layer]
  kernel = jnp.ones((1, 1, 1, 1) if layer == 'conv' else (1, 1))
  params = {'kernel': kernel, 'bias': jnp.zeros(1)}

  def total(params):
    y = apply({'params': params}, ones)
    assert y.dtype == jnp.bfloat16
    return jnp.sum(y.astype(jnp.float32))

  assert float(jax.jit(jax.grad(total))(params)['bias'][0]) == ones.size


def test_gradient_norms_are_float32():
  """Weights that bfloat16 has exactly; their norm it has not."""
  weights = jnp.array([1.0, 2.0, 3.0, 5.0])

  def score(x):
    return (x.astype(jnp.bfloat16) @ weights.astype(jnp.bfloat16)).astype(
      jnp.float32
    )

  slope = penalty.slopes(score, jnp.ones((3, 4)))
  np.testing.assert_allclose(slope, 39**0.5, rtol=1e-6)
