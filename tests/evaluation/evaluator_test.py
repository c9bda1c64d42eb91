"""Tests of the evaluator: values, bounds, records, progress, classes."""

import collections
import types

import jax
import numpy as np
import pytest
import small

from jaxgan.data.builders import toys
from jaxgan.evaluation import plan
from jaxgan.evaluation.evaluator import Evaluator, Source, make_draw
from jaxgan.evaluation.reference_data import Reference
from jaxgan.gan.generator import Generator
from jaxgan.metrics import record
from jaxgan.nets.latents import Latents

SOURCE = Source('run', 'none', -1)


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
  monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path / 'cache'))


def vectors(num, shift=0.0, seed=0):
  values = np.random.default_rng(seed).normal(shift, 1, (num, 2))
  return values.astype(np.float32)


def test_a_value_lies_between_floor_and_ceiling():
  real = Reference('g', '', vectors(400), vectors(400, seed=1))
  evaluator = Evaluator(['w1_300_pixels', 'energy300_pixels'], real)
  (w1, energy) = evaluator(lambda num: vectors(num, 0.5, seed=2), SOURCE)
  for result in (w1, energy):
    assert result.floor < result.value < result.ceiling
    assert (result.real_num, result.fake_num) == (300, 300)
  assert w1.reference == 'g'
  assert len(w1.reference_sha256) == 64


def test_without_other_real_data_there_is_no_floor():
  evaluator = Evaluator(['w1_50_pixels'], Reference('g', '', vectors(60), None))
  (result,) = evaluator(vectors, SOURCE)
  assert result.floor is None
  assert '-' in record.table([result]).splitlines()[1]


def test_a_floor_does_not_depend_on_the_other_metrics():
  real = Reference('g', '', vectors(60), vectors(90, seed=1))
  names = ['w1_20_pixels', 'swd60_pixels']
  one, _ = Evaluator(names, real)(vectors, SOURCE)
  (alone,) = Evaluator(names[:1], real)(vectors, SOURCE)
  assert one.floor == alone.floor


def test_the_real_data_itself_is_at_distance_zero():
  evaluator = Evaluator(['w1_60_pixels'], Reference('g', '', vectors(60), None))
  assert evaluator(vectors, SOURCE)[0].value == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize(
  'samples',
  [np.zeros((60, 3), np.float32), np.zeros((60, 2)),
   np.zeros((60, 2), np.uint8)],
)  # fmt: skip
def test_samples_must_be_like_the_reference(samples):
  evaluator = Evaluator(['w1_50_pixels'], Reference('g', '', vectors(60), None))
  with pytest.raises(ValueError, match=r'both must be alike'):
    evaluator(lambda num: samples, SOURCE)


def images(num, seed):
  rng = np.random.default_rng(seed)
  return rng.integers(0, 256, (num, 8, 8, 1), np.uint8)


def test_metrics_of_the_fakes_alone_read_no_real_data():
  mixture = toys.mixture('gaussians8')
  points, _ = toys.points('gaussians8', 300)
  real = Reference('gaussians8', '', points, points[:200], mixture=mixture)
  evaluator = Evaluator(['modes200_pixels', 'quality200_pixels'], real)
  covered, share = evaluator(lambda num: points[100 : 100 + num], SOURCE)
  assert (covered.value, covered.floor) == (8, 8)
  assert share.value > 0.95 > share.ceiling
  assert sum(covered.details['counts']) == round(200 * share.value)
  assert (covered.real_num, covered.fake_num) == (0, 200)
  assert covered.train_sha256 == covered.heldout_sha256 == ''


def test_memorising_reads_training_and_held_out_data():
  train, heldout = vectors(400), vectors(200, seed=1)
  names = ['memorising150_pixels', 'w1_100_pixels']
  real = Reference('g', '', heldout, train, train, heldout)
  copies, w1 = Evaluator(names, real)(lambda num: train[:num], SOURCE)
  assert (copies.value, copies.floor) == (0, 0)  # The floor is `train` here.
  assert copies.ceiling > 0.5
  assert (copies.real_num, copies.fake_num) == (550, 150)
  assert copies.heldout_sha256 == copies.reference_sha256
  assert len(copies.train_sha256) == 64
  assert copies.train_sha256 != copies.heldout_sha256
  assert w1.train_sha256 == w1.heldout_sha256 == ''
  real = Reference('g', '', train, heldout, train, heldout)
  new, _ = Evaluator(names, real)(lambda num: vectors(num, seed=2), SOURCE)
  assert new.value == pytest.approx(1, abs=0.3)


def test_labels_and_diversity_of_images():
  real = Reference('d', '', images(500, 0), images(90, 1))
  names = ['classes80_digits', 'msssim80_pixels', 'msssim100_pixels']
  classes, diverse, more = Evaluator(names, real)(
    lambda num: images(num, 2), SOURCE
  )
  assert sum(classes.details['counts']) == 80
  assert diverse.value == pytest.approx(diverse.floor, abs=0.02)
  assert diverse.error > 0
  assert more.floor is None  # There are only 90.


@pytest.mark.parametrize(
  ('name', 'words'),
  [
    ('msssim50_pixels', 'the real data are vectors'),
    ('modes50_pixels', 'gaussians8 or gaussians25'),
    ('memorising50_pixels', 'the training examples of the generator'),
  ],
)
def test_a_metric_that_does_not_fit_the_data_has_an_error_message(name, words):
  real = Reference('g', '', vectors(60), None)
  for measure in (Evaluator, plan.num_examples):
    with pytest.raises(ValueError, match=f'^{name} needs .*{words}'):
      measure([name], real)


def test_progress_counts_all_examples():
  train, heldout = images(300, 0), images(70, 1)
  names = ['memorising60_digits', 'fid50_digits', 'msssim40_pixels']
  real = Reference('d', '', train, heldout, train, heldout)
  done = collections.Counter()
  count = lambda stage, num: done.update({stage: num})
  for _ in range(2):  # The second time from the cache.
    done.clear()
    with pytest.warns(UserWarning, match='Frechet'):
      Evaluator(names, real, progress=count)(lambda num: images(num, 2), SOURCE)
    assert done.total() == plan.num_examples(names, real)
    assert set(done) == {'features of digits', 'features of pixels', *names}
    # Reference, train, held-out; noise, floor and samples.
    assert done['features of digits'] == 300 + 300 + 70 + 3 * 60
    assert done['features of pixels'] == 3 * 40


class Echo(Generator):
  """A generator whose samples are its latents."""

  def stream(self, z):
    yield np.asarray(z)


def draw(latents, num, class_counts=(), **options):
  """Draws from an Echo with seed 3."""
  problem = types.SimpleNamespace(
    latents=latents,
    class_counts=class_counts,
    columns=None,
    translation=None,
    config=small.config(net={'classes': latents.classes}),
  )
  pieces = make_draw(Echo(problem, {}), 3)(num, **options)
  return np.concatenate(list(pieces))


def test_labels_of_fakes_have_the_class_proportions_of_the_data():
  latents = Latents(2, classes=3)
  labels = lambda *args, **options: draw(latents, *args, **options)[
    :, 2:
  ].argmax(1)
  first = labels(300, (6, 1, 3))
  assert np.bincount(first).tolist() == [180, 30, 90]
  np.testing.assert_array_equal(labels(20, (6, 1, 3)), first[:20])
  balanced = np.arange(20) % 3
  np.testing.assert_array_equal(labels(20, (6, 1, 3), balanced=True), balanced)
  np.testing.assert_array_equal(labels(20, (5, 5, 5)), balanced)
  np.testing.assert_array_equal(labels(20), balanced)  # Counts are unknown.


def test_without_classes_the_latents_are_those_of_the_seed():
  latents = Latents(2, code_classes=3)
  expected = np.asarray(latents.draw(jax.random.key(3), 300))
  for counts in ((), (6, 1, 3)):
    np.testing.assert_array_equal(draw(latents, 300, counts), expected)


def test_label_accuracy_gets_balanced_classes():
  real, calls = Reference('d', '', images(70, 0), images(60, 1)), []

  def draw(num, balanced=False):
    calls.append((num, balanced))
    return images(num, 2 + balanced)

  names = ['asked40_digits', 'kid50_digits', 'classes30_digits']
  done = collections.Counter()
  count = lambda stage, num: done.update({stage: num})
  evaluator = Evaluator(names, real, progress=count)
  together = evaluator(draw, SOURCE)
  assert calls == [(40, True), (50, False)]
  assert done.total() == plan.num_examples(names, real)
  alone = [Evaluator([name], real)(draw, SOURCE)[0] for name in names]
  assert [x.value for x in together] == [x.value for x in alone]
