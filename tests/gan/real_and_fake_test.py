"""R1 and R2 together: the points, the price, the controllers, the presets."""

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import small

from jaxgan.config import Config, Penalty, Regularizers, from_config_dict
from jaxgan.gan import controller, objective, points

KEY = jax.random.key(0)
R3GAN = from_config_dict({'penalty': {'preset': 'r3gan'}}).penalty


def data(dtype=jnp.float32):
  real, fake = (jax.random.normal(jax.random.key(i), (6, 3)) for i in (1, 2))
  return real.astype(dtype), (2 * fake + 1).astype(dtype)


def measure(score, config=R3GAN, due=None, lazy=1):
  """(loss, outcomes, inputs, objective) on the data, without score losses."""
  game = objective.build(
    Config(penalty=config, regularisers=Regularizers(lazy=lazy))
  )
  control = controller.init(config, small.hyper(config))
  inputs = objective.PenaltyInputs(KEY, control, due)
  loss, seen = game.critic_loss(score, *data(), inputs)
  return loss, seen, inputs, game


def test_the_points_are_all_examples_of_both_kinds():
  real, fake = data()
  at = points.build(R3GAN)(KEY, real, fake, jnp.float32(0.3))
  assert [x is y for x, y in zip(at, (real, fake), strict=True)] == [True, True]


def test_a_linear_critic_pays_its_square_twice():
  w = jnp.array([1.0, -2.0, 2.0])
  loss, seen, inputs, game = measure(lambda x: x @ w)
  metrics, control = game.report(seen, inputs)
  assert float(metrics['penalty']) == pytest.approx(2 * 9, rel=1e-5)
  assert float(metrics['slope']) == pytest.approx(3, rel=1e-5)
  assert float(control.violation) == pytest.approx((3 - 1) ** 2, rel=1e-5)
  # lambda = gamma / 2 of the preset's gamma, 2.
  gap = float(metrics['gap'])
  assert float(loss) == pytest.approx(-gap + 2 / 2 * 18, rel=1e-5)


def test_a_quadratic_critic_pays_the_gradients_of_both_ends():
  a = jnp.array([[2.0, 1.0, 0.0], [1.0, -1.0, 0.5], [0.0, 0.5, 3.0]])
  _, seen, inputs, game = measure(lambda x: jnp.sum((x @ a) * x, 1) / 2)
  metrics, _ = game.report(seen, inputs)
  norms = [
    np.linalg.norm(np.asarray(x) @ np.asarray(a), axis=1) for x in data()
  ]
  expected = sum(np.mean(n**2) for n in norms)
  assert float(metrics['penalty']) == pytest.approx(expected, rel=1e-5)
  mean = np.mean(np.concatenate(norms))
  assert float(metrics['slope']) == pytest.approx(mean, rel=1e-5)


def test_it_is_r1_plus_r2():
  score = lambda x: jnp.tanh(x[:, 0]) * x[:, 1]
  costs = []
  for law in ('real', 'fake', 'real_and_fake'):
    keys = {'preset': 'r1', 'points': law}
    config = from_config_dict({'penalty': keys}).penalty
    _, seen, inputs, game = measure(score, config)
    costs.append(float(game.report(seen, inputs)[0]['penalty']))
  assert costs[2] == pytest.approx(costs[0] + costs[1], rel=1e-5)
  assert min(costs) > 0.01


@pytest.mark.usefixtures('float64')
def test_its_gradient_equals_finite_differences_of_numpy():
  real, fake = (np.asarray(x, np.float64) for x in data())
  rng = np.random.default_rng(0)
  a, c = rng.normal(size=(3, 4)), rng.normal(size=4)

  def cost(a, c):
    """lambda (R1 + R2) of D(x) = c tanh(x a), whose gradient is explicit."""
    total = 0.0
    for x in (real, fake):
      gradient = ((1 - np.tanh(x @ a) ** 2) * c) @ a.T
      total += np.mean(np.sum(gradient**2, axis=1))
    return R3GAN.weight * total

  def ours(a, c):
    score = lambda x: jnp.tanh(x @ a) @ c
    loss, seen, *_ = measure(score)
    return loss + jnp.mean(seen.real) - jnp.mean(seen.fake)

  assert float(ours(a, c)) == pytest.approx(cost(a, c), rel=1e-5)
  grads = jax.jit(jax.grad(ours, argnums=(0, 1)))(a, c)
  for number, values in enumerate((a, c)):
    for index in np.ndindex(values.shape):
      move = np.zeros_like(values)
      move[index] = 1e-6
      ends = [
        cost(
          *(v + s * move if i == number else v for i, v in enumerate((a, c)))
        )
        for s in (1, -1)
      ]
      slope = (ends[0] - ends[1]) / 2e-6
      assert float(grads[number][index]) == pytest.approx(
        slope, rel=1e-3, abs=1e-4
      )


@pytest.mark.parametrize('due', small.quick([True, False], False))
def test_a_lazy_penalty_is_that_of_both_ends(due):
  w = jnp.array([1.0, -2.0, 2.0])

  def loss(w, due=None, lazy=1):
    return measure(lambda x: x @ w, due=due, lazy=lazy)[0]

  real, fake = data()
  gap_gradient = np.mean(fake, axis=0) - np.mean(real, axis=0)
  gradient = jax.grad(loss)(w, jnp.array(due), 4)
  factor = 4 if due else 0
  expected = gap_gradient + factor * R3GAN.weight * 2 * 2 * np.asarray(w)
  np.testing.assert_allclose(gradient, expected, rtol=1e-5)


def test_a_conditional_critic_sees_its_labels_at_both_ends():
  label = jnp.array([0, 1, 2, 2, 1, 5])
  _, seen, *_ = measure(lambda x: (1 + label) * x[:, 0])
  for norms in seen.norms:
    np.testing.assert_allclose(norms, 1 + label, rtol=1e-5)


def test_the_presets_differ_by_their_controller_alone():
  ours = from_config_dict({'penalty': {'preset': 'r3gan_iterative'}}).penalty
  changed = {k for k, v in vars(ours).items() if vars(R3GAN)[k] != v}
  assert changed == {'preset', 'controller'}
  assert (R3GAN.points, R3GAN.target) == ('real_and_fake', 0.0)
  assert (R3GAN.controller, R3GAN.floor) == ('cosine', 0.1)
  assert (ours.controller, ours.distance) == ('iterative', 'gap_slope')


def weights(keys, gaps, steps=4, slope=2.0):
  """lambda after iterations with these gaps."""
  config = from_config_dict(
    {'penalty': {'smoothing': 0.0, 'warmup_steps': 1, 'rate': 1.0, **keys}}
  ).penalty
  hyper, path = small.hyper(config), []
  update, control = controller.build(config, steps), None
  control = controller.init(config, hyper)
  for step, gap in enumerate(gaps):
    seen = controller.Measurement(
      *map(jnp.float32, (gap, slope, 0.0, 0.0, 0.0))
    )
    control = update(control, seen, jnp.int32(step), hyper)
    path.append(float(control.weight))
  return path


def test_gamma_follows_a_clock_or_the_distance():
  clock = weights({'preset': 'r3gan'}, [3.0] * 6)
  shares = [(1 + np.cos(np.pi * min(t, 4) / 4)) / 2 for t in range(1, 7)]
  expected = [0.1 + 0.9 * share for share in shares]
  np.testing.assert_allclose(clock, expected, rtol=1e-5)
  followed = weights({'preset': 'r3gan_iterative'}, [3.0, 3.0, 1.5, 0.0, 3.0])
  np.testing.assert_allclose(followed, [1, 1, 0.55, 0.1, 1], rtol=1e-5)


def curve(tmp_path):
  path = tmp_path / 'metrics.jsonl'
  path.write_text('{"step": 1, "ratio": 0.5, "weight": 0.3}\n')
  return str(path)


@pytest.mark.slow
def test_a_replay_repeats_the_weight_and_both_ends_are_penalized(tmp_path):
  keys = {
    'preset': 'r3gan',
    'controller': 'replay',
    'replay': curve(tmp_path),
  }
  _, (metrics,) = small.run(small.config(penalty=keys), 1)
  assert float(metrics['weight']) == pytest.approx(0.3)
  assert float(metrics['penalty']) > 0


@pytest.mark.slow
def test_one_device_and_eight_agree():
  config = small.config(
    penalty={'preset': 'r3gan_iterative'}, loss={'name': 'relativistic'}
  )
  ends = [small.run(config, 3, devices) for devices in (1, 8)]
  ends = [jax.device_get((s.variables, s.control, m)) for s, m in ends]
  chex.assert_trees_all_close(*ends, rtol=1e-4, atol=1e-5)


def test_a_target_above_zero_is_that_of_both_ends():
  config = Penalty(points='real_and_fake', target=1.0)
  _, seen, inputs, game = measure(lambda x: 3 * x[:, 0], config)
  metrics, _ = game.report(seen, inputs)
  assert float(metrics['penalty']) == pytest.approx(2 * (3 - 1) ** 2, rel=1e-5)
