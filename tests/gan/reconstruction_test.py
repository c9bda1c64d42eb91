"""Losses of images of a translation: their balance with that of the scores."""

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import small

from jaxgan.config import Loss
from jaxgan.gan.reconstruction import Reconstruction, Update
from jaxgan.nets import two_way

KEY = jax.random.key(0)


def linear(adversarial=0.5, slope=3.0, gain=1.0):
  """A generator of images of one value: x = gain v w z, with its loss.

  Kernel w is that of the last layer, v that of the one before.
  """
  params = {
    'Conv_0': {'kernel': jnp.array(gain)},
    'Conv_10': {'kernel': jnp.array(2.0), 'bias': jnp.array(0.0)},
    'Conv_9': {'kernel': jnp.array(7.0)},
  }

  def generate(params, z):
    last = params['Conv_10']
    x = params['Conv_0']['kernel'] * last['kernel'] * z[:, 0] + last['bias']
    return x.reshape(-1, 1, 1, 1)

  z = jnp.array([[1.0], [3.0]])
  update = Update(
    params, generate, lambda x: adversarial * slope * -jnp.mean(x), z,
    real=jnp.full((2, 1, 1, 1), 100.0),
  )  # fmt: skip
  config = Loss(l1=5.0, adversarial=adversarial, adversarial_balance='adaptive')
  return Reconstruction(config), update


@pytest.mark.parametrize('adversarial', [0.5, 2.0])
def test_the_balance_of_a_linear_net_by_hand(adversarial):
  made, update = linear(adversarial)
  # d L1 / dw = 5 mean(-z) = -10, d adv / dw = -3 mean(z) = -6.
  weight = float(made.balance(update))
  assert weight == pytest.approx(10 / (6 + 1e-4), rel=1e-6)
  fake = update.generate(update.params, update.z)
  value = update.adversarial(fake)
  total = float(made.total(value, fake, update))
  l1 = 5 * np.mean([100 - 2, 100 - 6])
  assert total == pytest.approx(weight * float(value) + l1, rel=1e-6)


def test_the_balance_is_bounded():
  made, update = linear(slope=0.0)
  assert float(made.balance(update)) == 1e4
  made, update = linear(gain=1e-3, slope=1.0)
  # Both norms are small: 0.01 / (0.002 + 0.0001).
  assert float(made.balance(update)) == pytest.approx(0.01 / 0.0021, rel=1e-4)


def test_no_gradient_flows_through_the_balance():
  made, update = linear()  # With the loss mean x^2, whose weight is 1/2.
  update = update._replace(adversarial=lambda x: 0.5 * jnp.mean(x**2))

  def total(params):
    fake = update.generate(params, update.z)
    now = update._replace(params=params)
    return made.total(update.adversarial(fake), fake, now)

  weight = 10 / (2 * 2 * 5 + 1e-4)  # d mean x^2 / dw = 2 v^2 w mean z^2.
  assert float(made.balance(update)) == pytest.approx(weight, rel=1e-6)
  grads = jax.grad(total)(update.params)
  # By the kernel before: 5 mean(-w z) + weight w^2 mean z^2.
  expected = -20 + weight * 20
  np.testing.assert_allclose(grads['Conv_0']['kernel'], expected, rtol=1e-5)
  np.testing.assert_array_equal(grads['Conv_9']['kernel'], 0)


def test_the_last_layers_are_those_of_the_output():
  for name, inputs, norm in (
    ('unet', 'gray', 'spectral'), ('encoder_decoder', 'unpaired', 'instance'),
    ('rrdb', 'noise', 'none'),
  ):  # fmt: skip
    problem = small.problem(
      small.config(
        game='translation',
        translation={'input': inputs},
        data={'name': 'unpaired' if inputs == 'unpaired' else 'folder'},
        net={
          'name': name, 'gen_widths': (2, 2), 'critic_widths': (2,),
          'blocks': 1, 'gen_norm': norm, 'critic_input': False,
        },
      ),
      (8, 4, 3),
    )  # fmt: skip
    width = problem.translation.width
    shapes = jax.eval_shape(lambda p=problem: p.networks.init(KEY))
    params = shapes.gen['params']
    last = two_way.last_layers(params)
    kernels = jax.tree.leaves(last)
    assert len(kernels) == (2 if inputs == 'unpaired' else 1), width
    assert all(kernel.shape[-1] == 3 for kernel in kernels)
    chex.assert_trees_all_equal_shapes(two_way.merged(params, last), params)


@pytest.mark.slow
def test_an_adaptive_step_is_the_same_on_eight_devices():
  config = small.config(
    game='translation',
    net={
      'name': 'unet', 'gen_widths': (4, 4), 'critic_widths': (4, 4), 'depth': 1
    },
    loss={
      'name': 'nonsaturating', 'l1': 3.0, 'adversarial_balance': 'adaptive'
    },
    penalty={'preset': 'none'},
  )  # fmt: skip
  shape, found = (12, 8, 3), []
  for devices in (1, 8):
    state, step, over = small.make(config, shape=shape, devices=devices)
    _, metrics = step(state, small.batch(config, over, shape=shape))
    found.append(jax.device_get(metrics))
  chex.assert_trees_all_close(*found, rtol=2e-4, atol=1e-5)


@pytest.mark.parametrize(
  ('loss', 'sentence'),
  [
    ({'adversarial_balance': 'adaptive'}, 'both must have a weight above 0'),
    (
      {'adversarial_balance': 'adaptive', 'l1': 1.0, 'adversarial': 0.0},
      'both must have a weight above 0',
    ),
    ({'features': 1.0}, 'the losses of features and the file of their net'),
    ({'l1': 1.0, 'features_net': 'x.npz'}, 'file of their net need each other'),
    ({'l1': 1.0, 'style_image': 'x.png'}, 'needs a weight above 0'),
  ],
)
def test_losses_that_lack_something_get_a_sentence(loss, sentence):
  with pytest.raises(ValueError, match=sentence):
    small.config(game='translation', net={'name': 'unet'}, loss=loss)


def test_the_balance_is_that_of_a_whole_batch():
  with pytest.raises(
    ValueError, match='the balance is that of the whole batch'
  ):
    small.config(
      game='translation', net={'name': 'unet'}, train={'microbatches': 2},
      loss={'adversarial_balance': 'adaptive', 'l1': 1.0},
    )  # fmt: skip
