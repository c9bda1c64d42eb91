"""Schedules against their closed forms, and in the step that they drive."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
import small

from jaxgan.config import Config, Optim, Optimizer, Train, from_config_dict
from jaxgan.gan import hyper as hyper_lib
from jaxgan.gan import optimizers, regularizers, schedules

COLOR = {'augment': ('colour',)}


def cosine(start, end, step, steps):
  """The schedule of R3GAN in numpy."""
  return end + (start - end) * (1 + np.cos(np.pi * min(step / steps, 1))) / 2


@pytest.mark.parametrize('step', [0, 1, 5, 10, 11, 99])
def test_a_cosine_ends_and_stays(step):
  actual = schedules.cosine(0.9, 0.99, jnp.int32(step), 10)
  assert float(actual) == pytest.approx(cosine(0.9, 0.99, step, 10), rel=1e-6)
  assert actual.dtype == jnp.float32


def test_the_ends_are_met():
  assert float(schedules.cosine(2.0, 0.5, jnp.int32(0), 7)) == 2.0
  assert float(schedules.cosine(2.0, 0.5, jnp.int32(7), 7)) == 0.5


def run(**train):
  return Config(train=Train(steps=100, **train))


def test_the_length_is_that_of_the_run_or_its_own():
  assert schedules.length(run()) == 100
  assert schedules.length(run(schedule_steps=7)) == 7


@pytest.mark.parametrize('step', [0, 5, 10, 30])
def test_the_half_life_of_the_average_is_in_images(step):
  config = run(ema_images=4000, schedule_steps=10)
  decay = schedules.ema_decay(config, jnp.int32(step), 50)
  half_life = cosine(0, 4000, step, 10)
  expected = 0.5 ** (50 / half_life) if half_life else 0.0
  assert float(decay) == pytest.approx(expected, rel=1e-5)


def test_after_the_half_life_in_images_half_is_left():
  config = run(ema_images=4000, schedule_steps=1)
  decay = float(schedules.ema_decay(config, jnp.int32(9), 50))
  assert decay ** (4000 / 50) == pytest.approx(0.5, rel=1e-4)


@pytest.mark.slow
def test_average_and_weight_of_a_run_follow_their_schedules():
  train = {'ema_images': 40, 'schedule_steps': 3}
  config = small.config(penalty={'preset': 'r3gan'}, train=train)
  state, train_step, over = small.make(config)
  expected = None
  for step in range(5):
    state, metrics = train_step(state, small.batch(config, over, step))
    weight = cosine(1.0, 0.1, step, 3)
    assert float(metrics['weight']) == pytest.approx(weight, rel=1e-5)
    half_life = cosine(0, 40, step, 3)
    decay = 0.5 ** (config.train.batch_size / half_life) if half_life else 0.0
    now = jax.device_get(state.variables.gen['params'])
    if expected is None:
      expected = now  # The initial weights have no share in it.
    expected = jax.tree.map(
      lambda e, p: decay * e + (1 - decay) * p,  # noqa: B023
      expected,
      now,
    )
  for actual, value in zip(
    jax.tree.leaves(state.ema['params']), jax.tree.leaves(expected), strict=True
  ):
    np.testing.assert_allclose(actual, value, rtol=1e-4, atol=1e-6)


def adam_path(config, gradients, steps):
  """The parameter after each gradient, from 0; three updates per iteration."""
  whole = Config(
    optim=Optim(critic=config), train=Train(critic_steps=3, steps=steps)
  )
  adam = optimizers.build(whole, hyper_lib.from_config(whole)).critic
  params = jnp.zeros(())
  state, path = adam.init(params), []
  for gradient in gradients:
    updates, state = adam.update(jnp.float32(gradient), state, params)
    params = optax.apply_updates(params, updates)
    path.append(float(params))
  return path, state


def test_the_second_moment_follows_its_schedule():
  config = Optimizer(lr=0.1, b1=0.0, b2=0.5, b2_end=0.9)
  gradients = [1.0, -3.0, 0.5, 2.0, 0.1, -1.0, 4.0, 1.0]
  path, state = adam_path(config, gradients, 2)
  x, nu, expected = 0.0, 0.0, []
  for t, gradient in enumerate(gradients):
    b2 = cosine(0.5, 0.9, t, 2 * 3)
    nu = b2 * nu + (1 - b2) * gradient**2
    x -= 0.1 * gradient / (np.sqrt(nu / (1 - b2 ** (t + 1))) + 1e-8)
    expected.append(x)
  np.testing.assert_allclose(path, expected, rtol=1e-4)
  plain, plain_state = adam_path(
    dataclasses.replace(config, b2_end=0.0), gradients, 2
  )
  assert not np.allclose(plain[2:], path[2:])
  assert jax.tree.structure(state) == jax.tree.structure(plain_state)


def test_equal_ends_are_plain_adam():
  config = Optimizer(b2=0.9, b2_end=0.9)
  paths = [
    adam_path(c, [1.0, -3.0, 0.5], 2)[0]
    for c in (config, dataclasses.replace(config, b2_end=0.0))
  ]
  np.testing.assert_allclose(*paths, rtol=1e-5)


@pytest.mark.parametrize('schedule', ['linear', 'cosine', 'exponential'])
def test_a_rate_stays_at_its_end(schedule):
  config = Optimizer(name='sgd', lr=0.1, b1=0.0, schedule=schedule, lr_end=0.2)
  whole = Config(
    optim=Optim(gen=config), train=Train(steps=50, schedule_steps=4)
  )
  sgd = optimizers.build(whole, hyper_lib.from_config(whole)).gen
  state, rates = sgd.init(jnp.zeros(())), []
  for _ in range(9):
    update, state = sgd.update(jnp.ones(()), state, jnp.zeros(()))
    rates.append(-float(update))
  assert rates[3] > 0.021
  np.testing.assert_allclose(rates[4:], 0.02, rtol=1e-5)


@pytest.mark.slow
def test_the_share_of_augmented_images_follows_it():
  keys = {**COLOR, 'augment_share': 0.0, 'augment_end': 0.6}
  config = small.config(regularisers=keys, train={'schedule_steps': 4})
  _, history = small.run(config, 6)
  actual = [float(metrics['augmented']) for metrics in history]
  expected = [cosine(0, 0.6, step, 4) for step in range(6)]
  np.testing.assert_allclose(actual, expected, atol=1e-6)


def test_a_share_that_rises_from_zero_augments():
  keys = {**COLOR, 'augment_share': 0.0, 'augment_end': 0.6}
  config = from_config_dict({'regularisers': keys})
  assert regularizers.build(config.regularisers, 10).augments
  actual = schedules.augment_share(config, jnp.int32(10**6))
  assert float(actual) == pytest.approx(0.6)


@pytest.mark.parametrize(
  ('values', 'sentence'),
  [
    ({'regularisers': {'augment_end': 0.5}}, 'regularisers.augment_end is 0.5 '
     r'and regularisers.augment is \(\); it needs at least one'),
    ({'regularisers': {**COLOR, 'augment_end': 0.5, 'augment_target': 0.6}},
     'augment_target is 0.6; a share follows a schedule or adapts, so one'),
    ({'optim': {'gen': {'b2_end': 0.99, 'name': 'rmsprop'}}}, 'optim.gen.b2_end'
     " is 0.99 and optim.gen.name is 'rmsprop'; only adam has a scheduled b2"),
    ({'optim': {'critic': {'b2_end': 1.0}}}, 'optim.critic.b2_end is 1; it'),
    ({'train': {'ema_images': -1}}, 'train.ema_images is -1; .* at least 0'),
    ({'train': {'schedule_steps': -1}}, 'train.schedule_steps is -1; it must'),
  ],
)  # fmt: skip
def test_a_schedule_that_has_nothing_to_move_is_refused(values, sentence):
  with pytest.raises(ValueError, match=sentence):
    from_config_dict(values)
