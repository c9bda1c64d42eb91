"""What the critic sees, and what its parameters and scores cost beside it."""

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import small

from jaxgan.config import Config, Penalty, Regularizers
from jaxgan.gan import augment, controller, objective, regularizers

KEY = jax.random.key(0)
AUGMENTS = tuple(augment.AUGMENTS)


def images(num=6, size=(8, 16, 3), seed=0):
  rng = np.random.default_rng(seed)
  return jnp.array(rng.uniform(-1, 1, (num, *size)), jnp.float32)


def sight(steps=100, **keys):
  return regularizers.build(Regularizers(**keys), steps)


def test_by_default_the_critic_inputs_are_not_transformed():
  assert sight() is None
  assert sight(augment=('cutout',), augment_share=0.0) is None


@pytest.mark.parametrize(
  'keys', [{'noise': 0.5}, *({'augment': (name,)} for name in AUGMENTS)]
)
def test_a_point_between_has_seen_what_both_ends_have(keys):
  see, a = sight(**keys), jnp.linspace(0, 1, 6).reshape(6, 1, 1, 1)
  real, fake = images(), images(seed=1)
  ends = [see(KEY, jnp.int32(0), x, 1.0) for x in (real, fake)]
  between = see(KEY, jnp.int32(0), real + a * (fake - real), 1.0)
  chex.assert_trees_all_close(
    between, ends[0] + a * (ends[1] - ends[0]), atol=1e-5
  )
  assert not np.array_equal(ends[0], real)


@pytest.mark.parametrize(
  ('keys', 'step', 'expected'),
  [({}, 0, 0.5), ({}, 50, 0.25), ({}, 100, 0.0), ({}, 300, 0.0),
   ({'noise_steps': 10}, 5, 0.25), ({'noise_steps': 10}, 10, 0.0)],
)  # fmt: skip
def test_noise_falls_along_a_line(keys, step, expected):
  x = jnp.zeros((500, 20))
  seen = sight(noise=0.5, **keys)(KEY, jnp.int32(step), x, 1.0)
  assert float(seen.std()) == pytest.approx(expected, rel=0.03)


def test_a_share_of_the_images_is_augmented():
  x = images(num=400, size=(4, 4, 1))
  see = sight(augment=('colour',))
  same = jnp.isclose(see(KEY, jnp.int32(0), x, 0.3), x).all((1, 2, 3))
  assert float(same.mean()) == pytest.approx(0.7, abs=0.06)


@pytest.mark.parametrize(
  ('share', 'sureness', 'expected'),
  [
    (0.5, 0.9, 0.51), (0.5, 0.1, 0.49), (0.5, 0.6, 0.5), (1.0, 0.9, 1.0),
    (0.0, 0.1, 0.0), (0.5, np.nan, 0.5),
  ],
)  # fmt: skip
def test_the_share_follows_how_sure_the_critic_is(share, sureness, expected):
  config = Regularizers(
    augment=('colour',), augment_target=0.6, augment_rate=0.01
  )
  control = controller.init(Penalty(), small.hyper(Penalty()), share)
  zero = jnp.float32(0)
  seen = controller.Measurement(zero, zero, jnp.float32(sureness), zero, zero)
  moved = augment.adapt(control, seen, config)
  assert float(moved.share) == pytest.approx(expected)
  assert moved._replace(share=control.share) == control


@pytest.mark.parametrize(
  ('keys', 'expected'),
  [
    ({}, False), ({'augment': ('colour',)}, True),
    ({'augment': ('colour',), 'augment_share': 0.0}, False),
    ({'augment': ('colour',), 'augment_share': 0.0, 'augment_target': 0.6},
     True),
  ],
)  # fmt: skip
def test_whether_images_are_ever_augmented(keys, expected):
  transform = sight(**keys, noise=0.1)
  assert transform.augments is expected


def test_the_score_of_real_examples_says_how_sure():
  sure = lambda score: float(loss_of(score)[1][1].sureness)
  assert sure(lambda x: x.sum((1, 2, 3))) == 1.0
  assert sure(lambda x: -x.sum((1, 2, 3))) == -1.0


def test_colour_keeps_a_grey_image_grey_and_its_structure():
  x = jnp.broadcast_to(images(size=(8, 8, 1)), (6, 8, 8, 3))
  changed = np.asarray(augment.color(KEY, x))
  np.testing.assert_allclose(np.ptp(changed, axis=3), 0, atol=1e-6)
  for before, after in zip(np.asarray(x), changed, strict=True):
    assert np.corrcoef(before.ravel(), after.ravel())[0, 1] > 0.999


def test_translation_moves_what_is_there_and_fills_with_grey():
  x = jnp.zeros((200, 16, 8, 1)).at[:, 8, 4].set(1.0)
  moved = np.asarray(augment.translation(KEY, x))
  assert (moved.sum((1, 2, 3)) == 1).all()
  _, rows, columns, _ = np.nonzero(moved)
  assert set(rows) == {6, 7, 8, 9, 10}
  assert set(columns) == {3, 4, 5}
  full = np.asarray(augment.translation(KEY, jnp.ones((200, 16, 8, 1))))
  assert set(np.unique(full)) == {0.0, 1.0}


def test_cutout_leaves_a_hole_of_half_the_sides_at_most():
  x = jnp.ones((300, 16, 16, 1))
  holes = np.asarray(augment.cutout(KEY, x) == 0)
  sizes = holes.sum((1, 2, 3))
  assert sizes.max() == 64
  assert sizes.min() >= 16
  assert holes.any(0).all()


def test_weights_count_kernels_and_no_biases():
  params = {
    'kernel': jnp.array([[1.0, -2.0], [3.0, 0.0]]),
    'bias': jnp.array([7.0, 7.0]),
  }
  cost = lambda **keys: float(
    regularizers.kernel_norms(params, Regularizers(**keys))
  )
  assert cost() == 0
  assert cost(l1=0.5) == 3.0
  assert cost(l2=0.5) == 7.0
  assert cost(l1=0.5, l2=0.5) == 10.0


def test_columns_of_kernels_cost_what_they_have_in_common():
  tall = jnp.array([[1.0, 2.0], [3.0, 4.0], [0.0, 1.0]])
  params = {
    'tall': tall.reshape(1, 3, 1, 2),  # Columns (1, 3, 0) and (2, 4, 1).
    'wide': tall.T,  # The same as rows, since there are fewer of them.
    'bias': jnp.ones(2),
  }
  cost = lambda params, beta: float(
    regularizers.orthogonal(params, Regularizers(orthogonal=beta))
  )
  common = 2 * (1 * 2 + 3 * 4 + 0 * 1) ** 2
  assert cost(params, 0.5) == 0.5 * 2 * common
  assert cost(params, 0.0) == 0.0
  lengths = jnp.diag(jnp.array([5.0, 0.1, 2.0]))
  assert cost({'w': lengths}, 1.0) == 0.0


def test_examples_are_moved_along_the_gradient_by_the_length():
  w = jnp.array([3.0, 4.0])
  x = jnp.zeros((5, 2))
  moved = regularizers.adversarial(lambda x: x @ w, x, -0.5)
  chex.assert_trees_all_close(
    moved, jnp.tile(jnp.array([[-0.3, -0.4]]), (5, 1))
  )


def loss_of(score, **keys):
  """The critic's loss and metrics on ones against zeros."""
  config = Config(regularisers=Regularizers(**keys))
  control = controller.init(Penalty(), small.hyper(Penalty()))
  real, fake = jnp.ones((4, 2, 2, 1)), jnp.zeros((4, 2, 2, 1))
  game, inputs = objective.build(config), objective.PenaltyInputs(KEY, control)
  loss, outcomes = game.critic_loss(score, real, fake, inputs)
  return loss, game.report(outcomes, inputs)


def test_a_linear_critic_of_moved_examples_loses_twice_the_length():
  score = lambda x: x.sum((1, 2, 3))  # Its slope is 2.
  plain, (metrics, _) = loss_of(score)
  moved, (moved_metrics, _) = loss_of(score, adversarial=0.25)
  assert float(moved - plain) == pytest.approx(2 * 0.25 * 2)
  assert float(metrics['gap'] - moved_metrics['gap']) == pytest.approx(1.0)


def test_consistency_costs_what_augmenting_changes():
  score = lambda x: x.sum((1, 2, 3))
  plain, _ = loss_of(score)
  keys = {'augment': ('cutout',), 'consistency': 3.0}
  found, _ = loss_of(score, **keys)
  real = jnp.ones((4, 2, 2, 1))
  key = jax.random.fold_in(KEY, 2)
  changed = augment.augment_all(key, real, ('cutout',))
  expected = 3 * jnp.mean(jnp.square(score(changed) - 4))
  assert float(found - plain) == pytest.approx(float(expected))
  assert float(expected) > 0
  blind, _ = loss_of(lambda x: 0 * x.sum((1, 2, 3)), **keys)
  unregularised, _ = loss_of(lambda x: 0 * x.sum((1, 2, 3)))
  assert float(blind) == pytest.approx(float(unregularised))


def test_a_lazy_penalty_is_due_in_every_nth_update():
  lazy = Regularizers(lazy=3)
  due = [bool(regularizers.penalty_due(lazy, jnp.int32(i))) for i in range(7)]
  assert due == [False, False, True, False, False, True, False]
  assert all(regularizers.penalty_due(Regularizers(), jnp.arange(3)))


@pytest.mark.parametrize('due', [True, False])
def test_a_lazy_penalty_is_rarer_and_stronger(due):
  game = objective.build(Config(regularisers=Regularizers(lazy=4)))
  always = objective.build(Config())
  control = controller.init(Penalty(), small.hyper(Penalty()))
  real, fake = images(), images(seed=1)

  def loss(w, game, due, control=control):
    score = lambda x: w * jnp.tanh(x).sum((1, 2, 3))
    turn = objective.PenaltyInputs(
      KEY, control, None if due is None else jnp.array(due)
    )
    value, outcomes = game.critic_loss(score, real, fake, turn)
    return value, game.report(outcomes, turn)

  differentiate = jax.value_and_grad(loss, has_aux=True)
  (lazy, (metrics, seen)), slope = differentiate(0.3, game, due)
  (plain, (expected, expected_seen)), all_slope = differentiate(
    0.3, always, None
  )
  free = control._replace(weight=jnp.float32(0.0))
  (gap, _), gap_slope = differentiate(0.3, always, None, free)
  factor = 4 if due else 0
  assert float(lazy) == pytest.approx(
    float(gap + factor * (plain - gap)), rel=1e-5
  )
  assert float(slope) == pytest.approx(
    float(gap_slope + factor * (all_slope - gap_slope)), rel=1e-4
  )
  # What the controller sees is there either way.
  chex.assert_trees_all_close(seen, expected_seen)
  assert float(metrics['penalty']) == pytest.approx(float(expected['penalty']))
