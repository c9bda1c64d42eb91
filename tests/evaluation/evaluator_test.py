"""A generator's samples measured against real data, by names of metrics."""

import collections

import jax
import numpy as np
import pytest

from jaxgan.data.builders import toys
from jaxgan.evaluation import evaluator as evaluation
from jaxgan.evaluation import requests
from jaxgan.evaluation.evaluator import Evaluator, Source
from jaxgan.evaluation.reference_data import Reference
from jaxgan.evaluation.restore import Trained
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
  for found in (w1, energy):
    assert found.floor < found.value < found.ceiling
    assert (found.real_num, found.fake_num) == (300, 300)
  assert w1.reference == 'g'
  assert len(w1.reference_sha256) == 64


def test_without_other_real_data_there_is_no_floor():
  evaluator = Evaluator(['w1_50_pixels'], Reference('g', '', vectors(60), None))
  (found,) = evaluator(vectors, SOURCE)
  assert found.floor is None
  assert '-' in record.table([found]).splitlines()[1]


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


def test_no_real_data_is_looked_at_where_none_is_read():
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


def test_memorising_reads_what_was_trained_on():
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
  assert more.floor is None  # There are but 90.


@pytest.mark.parametrize(
  ('name', 'words'),
  [
    ('msssim50_pixels', 'the real data are vectors'),
    ('modes50_pixels', 'gaussians8 or gaussians25'),
    ('memorising50_pixels', 'what was trained on'),
  ],
)
def test_a_metric_that_does_not_fit_the_data(name, words):
  real = Reference('g', '', vectors(60), None)
  for measure in (Evaluator, requests.work):
    with pytest.raises(ValueError, match=f'^{name} needs .*{words}'):
      measure([name], real)


def test_all_work_is_told():
  train, heldout = images(300, 0), images(70, 1)
  names = ['memorising60_digits', 'fid50_digits', 'msssim40_pixels']
  real = Reference('d', '', train, heldout, train, heldout)
  done = collections.Counter()
  told = lambda what, num: done.update({what: num})
  for _ in range(2):  # Out of the cache as well.
    done.clear()
    with pytest.warns(UserWarning, match='Frechet'):
      Evaluator(names, real, watch=told)(lambda num: images(num, 2), SOURCE)
    assert done.total() == requests.work(names, real)
    assert set(done) == {'features of digits', 'features of pixels', *names}
    # Reference, train, held-out; noise, floor and samples.
    assert done['features of digits'] == 300 + 300 + 70 + 3 * 60
    assert done['features of pixels'] == 3 * 40


def drawn(law, num, counts=(), **turn):
  """Samples of a generator that gives its latents."""
  keep = lambda variables, z: np.asarray(z)
  generator = Trained(1, (law.width,), law, {}, keep, class_counts=counts)
  pieces = evaluation.draw_from(generator, 3)(num, **turn)
  return np.concatenate(list(pieces))


def test_fakes_are_asked_for_as_often_as_the_data_have_each_class():
  law = Latents(2, classes=3)
  requests = lambda *given, **turn: drawn(law, *given, **turn)[:, 2:].argmax(1)
  found = requests(300, (6, 1, 3))
  assert np.bincount(found).tolist() == [180, 30, 90]
  np.testing.assert_array_equal(requests(20, (6, 1, 3)), found[:20])
  in_turn = np.arange(20) % 3
  np.testing.assert_array_equal(requests(20, (6, 1, 3), in_turn=True), in_turn)
  np.testing.assert_array_equal(requests(20, (5, 5, 5)), in_turn)
  np.testing.assert_array_equal(
    requests(20), in_turn
  )  # Where nothing is known.


def test_without_classes_the_latents_are_those_of_the_seed():
  law = Latents(2, code_classes=3)
  expected = np.asarray(law.draw(jax.random.key(3), 300))
  for counts in ((), (6, 1, 3)):
    np.testing.assert_array_equal(drawn(law, 300, counts), expected)


def test_a_metric_of_what_was_asked_for_takes_classes_in_turn():
  real, calls = Reference('d', '', images(70, 0), images(60, 1)), []

  def draw(num, in_turn=False):
    calls.append((num, in_turn))
    return images(num, 2 + in_turn)

  names = ['asked40_digits', 'kid50_digits', 'classes30_digits']
  done = collections.Counter()
  told = lambda what, num: done.update({what: num})
  evaluator = Evaluator(names, real, watch=told)
  found = evaluator(draw, SOURCE)
  assert calls == [(40, True), (50, False)]
  assert done.total() == requests.work(names, real)
  alone = [Evaluator([name], real)(draw, SOURCE)[0] for name in names]
  assert [x.value for x in found] == [x.value for x in alone]
