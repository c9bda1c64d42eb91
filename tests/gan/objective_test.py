"""The losses: what they equal, what they see, and what they must not feel."""

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import small

from jaxgan.config import Config, Penalty, from_config_dict
from jaxgan.gan import controller, objective


def build(penalty):
  """The Wasserstein game with a penalty."""
  return objective.build(Config(penalty=penalty))


def control_of(config):
  """The control before the first iteration."""
  return controller.init(config, small.hyper(config))


def control_at(ratio, config):
  """A control as it would be at a ratio, with the iterative weight."""
  weight = config.weight * (config.floor + (1 - config.floor) * ratio)
  return control_of(config)._replace(
    ratio=jnp.float32(ratio), weight=jnp.float32(weight)
  )


def critic(params, x):
  return jnp.tanh(x @ params['w']) @ params['v']


def data():
  keys = jax.random.split(jax.random.key(0), 4)
  params = {
    'w': jax.random.normal(keys[0], (3, 5)),
    'v': jax.random.normal(keys[1], (5,)),
  }
  real = jax.random.normal(keys[2], (16, 3))
  return params, real, jax.random.normal(keys[3], (16, 3)) + 1


def loss_and_grad(config, control):
  game = build(config)
  params, real, fake = data()

  def loss(params):
    score = lambda x: critic(params, x)
    return game.critic_loss(
      score, real, fake, objective.PenaltyInputs(jax.random.key(7), control)
    )[0]

  return jax.jit(jax.value_and_grad(loss))(params)


def test_at_ratio_one_it_is_wgan_gp_bit_for_bit():
  gp = from_config_dict({'penalty': {'preset': 'wgan_gp'}}).penalty
  ours = loss_and_grad(Penalty(), control_of(Penalty()))
  chex.assert_trees_all_equal(ours, loss_and_grad(gp, control_of(gp)))


def test_away_from_ratio_one_it_is_not():
  gp = from_config_dict({'penalty': {'preset': 'wgan_gp'}}).penalty
  ours = loss_and_grad(Penalty(), control_at(0.5, Penalty()))
  assert float(ours[0]) != float(loss_and_grad(gp, control_of(gp))[0])


@pytest.mark.parametrize('ratio', [0.0, 0.3, 1.0])
def test_uniform_points_with_power_zero_are_wgan_gp_for_every_ratio(ratio):
  config = Penalty(points='uniform', power=0.0, smoothing=0.0, rate=1.0,
    warmup_steps=1)  # fmt: skip
  update = controller.build(config, 10)
  control = control_of(config)
  for step, gap in enumerate((1.0, ratio)):
    seen = controller.Measurement(*map(jnp.float32, (gap, 1.0, 0.0, 0.0, 0.0)))
    control = update(control, seen, jnp.int32(step), small.hyper(config))
  assert float(control.ratio) == pytest.approx(ratio)
  gp = from_config_dict({'penalty': {'preset': 'wgan_gp'}}).penalty
  chex.assert_trees_all_equal(
    loss_and_grad(config, control), loss_and_grad(gp, control_of(gp))
  )


def test_no_gradient_flows_into_the_control():
  game = build(Penalty(target=1.0))
  params, real, fake = data()
  score = lambda x: critic(params, x)
  loss = lambda control: game.critic_loss(
    score, real, fake, objective.PenaltyInputs(jax.random.key(7), control)
  )[0]
  gradient = jax.grad(loss)(control_at(0.5, Penalty()))
  assert all(float(g) == 0.0 for g in gradient)


def test_the_metrics_of_a_linear_critic():
  w = jnp.array([3.0, 4.0])
  real, fake = jnp.ones((4, 2)), jnp.zeros((4, 2)).at[0].set(2.0)
  game = build(Penalty())
  control = control_of(Penalty())
  inputs = objective.PenaltyInputs(jax.random.key(0), control)
  loss, outcomes = game.critic_loss(lambda x: x @ w, real, fake, inputs)
  metrics, seen = game.report(outcomes, inputs)
  expected = {
    'score_real': 7.0, 'score_fake': 3.5, 'gap': 3.5, 'slope': 5.0,
    'penalty': 16.0, 'weight': 10.0, 'ratio': 1.0,
    'penalty_share': 160 / 3.5,
    # The middle of the scores is 5.25: one fake (14) lies above it.
    'accuracy_real': 1.0, 'accuracy_fake': 0.75,
  }  # fmt: skip
  assert {k: float(v) for k, v in metrics.items()} == pytest.approx(expected)
  assert float(loss) == pytest.approx(156.5)
  assert list(map(float, seen)) == pytest.approx([3.5, 5.0, 1.0, 16.0, 0.0])


def test_the_generator_wants_high_scores():
  game = build(Penalty())
  fake = jnp.array([[1.0], [3.0]])
  assert float(game.gen_loss(lambda x: x[:, 0], fake + 9, fake, None)) == -2.0


@pytest.mark.parametrize(('d', 'weight'), [(1.0, 10.0), (4.0, 2.0)])
def test_the_optimum_of_two_points_on_a_line(d, weight):
  """Real at d, fake at 0, D(x) = s x: the best slope is 1 + d / (2 lambda)."""
  config = from_config_dict(
    {'penalty': {'preset': 'wgan_gp', 'weight': weight}}
  ).penalty
  game = build(config)
  real, fake = jnp.full((8, 1), d), jnp.zeros((8, 1))
  control = control_of(config)

  @jax.jit
  def descend(s, _):
    loss = lambda s: game.critic_loss(
      lambda x: s * x[:, 0],
      real,
      fake,
      objective.PenaltyInputs(jax.random.key(0), control),
    )[0]
    return s - 0.1 / weight * jax.grad(loss)(s), None

  s, _ = jax.lax.scan(descend, jnp.float32(0.5), length=200)
  assert float(s) == pytest.approx(1 + d / (2 * weight), rel=1e-4)


def test_without_a_weight_nothing_is_differentiated_twice():
  config = from_config_dict({'penalty': {'preset': 'wgan'}}).penalty
  game = build(config)
  params, real, fake = data()
  control = control_of(config)

  def loss(params):
    score = lambda x: critic(params, x)
    return game.critic_loss(
      score, real, fake, objective.PenaltyInputs(jax.random.key(7), control)
    )[0]

  plain = lambda p: -(critic(p, real).mean() - critic(p, fake).mean())
  chex.assert_trees_all_close(
    jax.grad(loss)(params), jax.grad(plain)(params), rtol=1e-6
  )
  assert float(loss(params)) == pytest.approx(float(plain(params)))


def test_a_conditional_critic_sees_its_labels_inside_the_penalty():
  slopes_by_label = jnp.array([[1.0], [3.0], [6.0]])
  label = jnp.array([0, 1, 2, 2])
  real, fake = jnp.ones((4, 1)), jnp.zeros((4, 1))
  game = build(Penalty())
  score = lambda x: (x * slopes_by_label[label])[:, 0]
  inputs = objective.PenaltyInputs(jax.random.key(0), control_of(Penalty()))
  _, outcomes = game.critic_loss(score, real, fake, inputs)
  metrics, _ = game.report(outcomes, inputs)
  expected = np.mean((np.array([1, 3, 6, 6]) - 1.0) ** 2)
  assert float(metrics['penalty']) == pytest.approx(expected)
