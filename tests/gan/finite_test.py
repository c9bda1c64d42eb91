"""Finite differences, and a share of the batch, in place of exact norms."""

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import small

from jaxgan.config import Config, from_config_dict
from jaxgan.gan import controller, objective, penalty, sharding

KEY = jax.random.key(0)
W = jnp.array([3.0, 0.0, 4.0])


def squares(score, x, step, num=40_000):
  """Squared differences in many directions at one point x [D]."""
  at = jnp.broadcast_to(x[None], (num, *x.shape))
  (v,) = penalty.directions(KEY, (at,))
  return np.square(np.asarray(penalty.finite(score, at, v, step=step)))


@pytest.mark.parametrize('step', small.quick([0.01, 2.0], 2.0))
def test_of_a_linear_critic_the_square_has_mean_and_variance_of_the_text(step):
  q = squares(lambda x: x @ W, jnp.zeros(3), step)
  assert q.mean() == pytest.approx(25.0, rel=0.04)
  assert q.var() == pytest.approx(2 * 25.0**2, rel=0.1)


def test_the_mean_norm_is_corrected_for_one_direction():
  config = from_config_dict({'penalty': FINITE}).penalty
  q = np.sqrt(squares(lambda x: x @ W, jnp.zeros(3), 0.01))
  assert q.mean() < 4.5
  norms = (jnp.asarray(q), jnp.asarray(3 * q))
  assert float(penalty.mean_norm(norms, config)) == pytest.approx(10, rel=0.03)


@pytest.mark.parametrize('step', small.quick([0.01, 0.5], 0.5))
def test_of_a_quadratic_critic_the_bias_is_that_of_the_text(step):
  a = jnp.array([[2.0, 1.0, 0.0], [1.0, -1.0, 0.5], [0.0, 0.5, 3.0]])
  x = jnp.array([0.3, -0.2, 0.1])
  q = squares(lambda x: jnp.sum((x @ a) * x, axis=1) / 2, x, step)
  exact = float(jnp.sum(jnp.square(a @ x)))
  bias = step**2 / 4 * (jnp.trace(a) ** 2 + 2 * jnp.trace(a @ a))
  assert q.mean() == pytest.approx(exact + float(bias), rel=0.04)
  assert step < 0.1 or float(bias) > exact


def test_its_gradient_is_that_of_the_projection():
  x = jax.random.normal(jax.random.key(1), (7, 3))
  (v,) = penalty.directions(KEY, (x,))

  def cost(w):
    return jnp.mean(
      jnp.square(penalty.finite(lambda x: x @ w, x, v, step=0.25))
    )

  projections = np.asarray(v @ W)
  expected = 2 * np.mean(projections[:, None] * np.asarray(v), axis=0)
  np.testing.assert_allclose(jax.grad(cost)(W), expected, rtol=1e-4, atol=1e-4)
  np.testing.assert_array_equal(jax.grad(cost)(0 * W), 0)


def test_the_error_of_its_gradient_grows_with_the_dimension():
  """By the text, |estimate - exact|^2 = (d + 1) |exact|^2 for one example."""
  x = jnp.zeros((20_000, 3))
  (v,) = penalty.directions(KEY, (x,))

  def cost(w, x, v):
    score = lambda x: x @ w
    return penalty.finite(score, x[None], v[None], step=0.5)[0] ** 2

  gradients = jax.vmap(jax.grad(cost), (None, 0, 0))(W, x, v)
  errors = np.square(np.asarray(gradients) - 2 * np.asarray(W)).sum(axis=1)
  assert errors.mean() == pytest.approx((3 + 1) * 4 * 25.0, rel=0.1)


def test_real_and_fake_have_directions_of_their_own():
  x = jnp.zeros((4, 5))
  v = penalty.directions(KEY, (x, x))
  assert not np.isclose(v[0], v[1]).any()


@pytest.mark.parametrize(
  ('share', 'expected'),
  [(0.25, [0, 4, 8]), (0.5, [0, 2, 4, 6, 8, 10]), (1 / 12, [0]),
   (0.75, [0, 1, 2, 4, 5, 6, 8, 9, 10]), (1.0, range(12))],
)  # fmt: skip
def test_a_share_is_spread_over_the_batch(share, expected):
  x = jnp.arange(24).reshape(12, 2)
  chosen = penalty.choose(x, share)
  np.testing.assert_array_equal(chosen, x[jnp.array(list(expected))])
  label = penalty.choose(jnp.arange(12), share)
  np.testing.assert_array_equal(label, list(expected))


FINITE = {'preset': 'r3gan', 'gradient': 'finite'}


def critic_loss(keys, critic, **inputs):
  """The loss, the outcomes and the report on 8 examples."""
  config = from_config_dict({'penalty': keys, 'train': {'batch_size': 8}})
  game = objective.build(Config(penalty=config.penalty))
  control = controller.init(config.penalty, small.hyper(config.penalty))
  given = objective.PenaltyInputs(KEY, control, **inputs)
  real, fake = jnp.ones((8, 3)), -jnp.ones((8, 3))
  loss, seen = game.critic_loss(critic, real, fake, given)
  return loss, seen, *game.report(seen, given)


@pytest.mark.parametrize(
  ('points', 'share'),
  [
    ('real_and_fake', 0.5),
    *map(small.slow, ('real_and_fake', 'real', 'fake', 'uniform'), [1.0] * 4),
    *map(small.slow, ('real', 'fake', 'uniform'), [0.5] * 3),
  ],
)
def test_a_difference_needs_no_score_that_is_known(points, share):
  calls = []

  def score(x):
    calls.append(len(x))
    return x @ W

  keys = {**FINITE, 'points': points, 'share': share}
  _, seen, metrics, _ = critic_loss(keys, score)
  size = round(8 * share)
  ends = {'real_and_fake': 2, 'real': 1}.get(points, 2)
  assert calls == [8, 8, *[size] * ends]
  kinds = 2 if points == 'real_and_fake' else 1
  assert [n.shape for n in seen.norms] == [(size,)] * kinds
  squared = sum(float(jnp.mean(jnp.square(n))) for n in seen.norms)
  assert float(metrics['penalty']) == pytest.approx(squared, rel=1e-6)
  mean = np.mean([n.mean() for n in seen.norms]) * np.sqrt(np.pi / 2)
  assert float(metrics['slope']) == pytest.approx(mean, rel=1e-6)


def test_the_known_scores_are_those_of_the_share():
  """Scores that depend on the example: a wrong one makes q of size 1 / h."""
  score = lambda x: x @ W + 5 * jnp.sum(jnp.square(x), axis=1)
  config = from_config_dict({'penalty': {**FINITE, 'share': 0.25}}).penalty
  game = objective.build(Config(penalty=config))
  control = controller.init(config, small.hyper(config))
  real, fake = (jax.random.normal(jax.random.key(i), (8, 3)) for i in (3, 4))
  given = objective.PenaltyInputs(KEY, control)
  _, seen = game.critic_loss(score, real, fake, given)
  directions = penalty.directions(
    jax.random.fold_in(KEY, 3), (real[::4], fake[::4])
  )
  for norm, x, v in zip(seen.norms, (real, fake), directions, strict=True):
    gradient = W[None] + 10 * x[::4]
    expected = np.abs(np.sum(gradient * v, axis=1))
    np.testing.assert_allclose(norm, expected, atol=0.5)


def test_the_share_has_its_own_labels():
  label = jnp.array([0, 9, 1, 9, 2, 9, 3, 9])
  with_labels = lambda label: lambda x: x[:, 0] * label
  keys = {'preset': 'r3gan', 'share': 0.5}
  _, seen, metrics, _ = critic_loss(
    keys, with_labels(label), score=with_labels(penalty.choose(label, 0.5))
  )
  for norms in seen.norms:
    np.testing.assert_allclose(norms, [0, 1, 2, 3], atol=1e-5)
  assert float(metrics['slope']) == pytest.approx(1.5, abs=1e-5)
  assert float(metrics['penalty']) == pytest.approx(2 * 14 / 4, abs=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize('gradient', ['exact', 'finite'])
def test_a_share_on_one_device_is_that_on_eight(gradient):
  # sgd and a long step, since adam and 1 / h make rounding visible.
  sgd = {'name': 'sgd', 'lr': 1e-2, 'b1': 0.0}
  config = small.config(
    penalty={
      'preset': 'r3gan', 'share': 0.5, 'gradient': gradient, 'finite_step': 0.5,
    },
    optim={'gen': sgd, 'critic': sgd},
    train={'batch_size': 16},
  )  # fmt: skip
  ends = []
  for devices in (1, 8):
    state, metrics = small.run(config, 2, devices)
    ends.append(jax.device_get((state.variables, state.control, metrics)))
  chex.assert_trees_all_close(*ends, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
  ('sections', 'devices', 'sentence'),
  [
    ({'penalty': {'share': 0.25}}, 4, 'penalty.share is 0.25, of which 2 '
     'examples cannot be split over 4 devices; they must be a multiple of 4.'),
    ({'penalty': {'share': 0.5}, 'train': {'microbatches': 2}}, 4, 'of which 4 '
     r'examples .* over 4 devices in 2 parts each \(train.microbatches\)'),
  ],
)  # fmt: skip
def test_a_share_that_does_not_spread_is_refused(sections, devices, sentence):
  config = small.config(**sections)
  sharding.check_devices(config, 2)
  with pytest.raises(ValueError, match=sentence):
    sharding.check_devices(config, devices)


@pytest.mark.parametrize(
  ('values', 'sentence'),
  [
    ({'penalty': {'share': 0.0}}, 'penalty.share is 0; it must be between'),
    ({'penalty': {'share': 0.3}}, 'penalty.share is 0.3 and train.batch_size '
     'is 64; a share of the batch is a whole number of examples'),
    ({'penalty': {'share': 0.001}}, 'a whole number of examples, at least 1'),
    ({'penalty': {'share': 0.25}, 'train': {'microbatches': 32}},
     'train.microbatches is 32; each part of the batch has the same number'),
    ({'penalty': {'share': 0.03125}, 'net': {'name': 'stylegan'}},
     'net.minibatch_group is 4; the critic of stylegan scores whole groups'),
    ({'penalty': {'gradient': 'finite'}}, "penalty.gradient is 'finite' and "
     'penalty.target is 1.0; .* so penalty.target must be 0.'),
    ({'penalty': {**FINITE, 'controller': 'dual'}}, "penalty.controller is "
     "'dual'; its constraint needs the norm of each example"),
    ({'penalty': FINITE, 'train': {'precision': 'bf16'}}, 'drowns in rounding, '
     'so train.precision must be float32'),
    ({'penalty': FINITE, 'train': {'precision': 'tf32'}}, 'must be float32'),
    ({'penalty': {**FINITE, 'share': 0.5}, 'net': {'critic_dropout': 0.5}},
     'one dropout mask, so penalty.share must be 1 or net.critic_dropout 0.'),
    ({'penalty': {**FINITE, 'share': 0.5}, 'net': {'name': 'stylegan'}},
     'need one group, so penalty.share or net.minibatch_group must be 1.'),
    ({'penalty': {'finite_step': 0.0}}, 'penalty.finite_step is 0; it must'),
  ],
)  # fmt: skip
def test_what_cannot_be_estimated_is_refused(values, sentence):
  with pytest.raises(ValueError, match=sentence):
    from_config_dict(values)


def test_what_can_be_estimated_is_accepted():
  from_config_dict({'penalty': FINITE, 'net': {'critic_dropout': 0.5}})
  from_config_dict({'penalty': {**FINITE, 'share': 0.5, 'controller': 'pi'}})
  keys = {'preset': 'r3gan', 'share': 0.5}
  from_config_dict({'penalty': keys, 'net': {'critic_dropout': 0.5}})
