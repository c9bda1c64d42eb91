"""Names are protocols; features of any number; records that compare."""

import dataclasses
from contextlib import nullcontext

import jax
import numpy as np
import pytest

from jaxgan.metrics import features, protocol, record
from jaxgan.metrics.features import FeatureNet, Features
from jaxgan.metrics.frechet import FewSamplesWarning


def normal(num, size=3, shift=0.0, seed=0):
  values = np.random.default_rng(seed).normal(shift, 1, (num, size))
  return values.astype(np.float32)


@pytest.mark.parametrize(
  ('name', 'num', 'net'),
  [
    ('fid10k_mnist', 10_000, 'mnist'),
    ('kid2000_digits', 2000, 'digits'),
    ('w1_1797_pixels', 1797, 'pixels'),
    ('is50k_inception', 50_000, 'inception'),
    ('fidinf5k_digits', 5000, 'digits'),
  ],
)
def test_names_are_taken_apart(name, num, net):
  metric = protocol.parse(name)
  assert (metric.name, metric.num, metric.features) == (name, num, net)


@pytest.mark.parametrize(
  ('name', 'words'),
  [
    ('fid', 'is no metric.*such as fid10k_mnist'),
    ('fad10k_mnist', "kind of fad10k_mnist is 'fad'.*coverage"),
    ('fid10k_vgg', "feature net of fid10k_vgg is 'vgg'.*inception"),
    ('kid3_digits', 'counts 3 samples; they must be at least 4'),
    ('w1_20k_pixels', 'counts 20000 samples.*at most 10000'),
    ('is5k_pixels', 'tells classes apart'),
  ],
)
def test_what_is_no_metric(name, words):
  with pytest.raises(ValueError, match=words):
    protocol.parse(name)


@pytest.mark.parametrize('kind', protocol.KINDS)
def test_every_kind_tells_near_from_far(kind):
  metric = protocol.parse(f'{kind}100_digits')
  real = Features(normal(120), normal(120, 10))
  sure = 9 * np.eye(10, dtype=np.float32)[np.arange(100) % 10]
  near = Features(normal(100, seed=1), sure)
  far = Features(normal(100, shift=9.0, seed=2), 0 * sure)
  few = pytest.warns(FewSamplesWarning) if 'fid' in kind else nullcontext()
  with few:
    one, _, used = protocol.measure(metric, real, near, 0)
    other, _, _ = protocol.measure(metric, real, far, 0)
  assert used == (120 if metric.kind.whole else 100)
  if metric.kind.better == 'low':
    assert one < other
  else:
    assert one > other


def test_too_few_of_either():
  metric = protocol.parse('kid50_pixels')
  enough, few = Features(normal(50), None), Features(normal(49), None)
  with pytest.raises(ValueError, match=r'kid50_pixels needs 50 real.*are 49'):
    protocol.measure(metric, few, enough, 0)
  with pytest.raises(ValueError, match=r'kid50_pixels needs 50 fake.*are 49'):
    protocol.measure(metric, enough, few, 0)


def test_features_do_not_depend_on_pieces_or_devices():
  images = np.random.default_rng(0).integers(0, 256, (300, 8, 8, 1), np.uint8)
  net = features.load('digits')
  assert len(jax.local_devices()) == 8  # Chunks are spread over them.
  whole = net.extract(images)
  pieces = net.extract(iter([images[:7], images[7:290], images[290:]]))
  assert whole.values.shape[0] == 300
  np.testing.assert_allclose(whole.values, pieces.values, atol=1e-4)
  one = net.embed(jax.numpy.asarray(images[:20]))
  np.testing.assert_allclose(whole.values[:20], one[0], atol=1e-4)
  np.testing.assert_allclose(whole.logits[:20], one[1], atol=1e-4)


def test_pixels_are_the_examples_themselves():
  images = np.array([[[[0], [255]]]], np.uint8)
  found = features.load('pixels').extract(images)
  np.testing.assert_allclose(found.values, [[-1, 1]], atol=1e-6)
  assert found.logits is None
  vectors = normal(5)
  np.testing.assert_array_equal(
    features.load('pixels').extract(vectors).values, vectors
  )


def test_inception_is_never_fetched():
  with pytest.raises(ValueError, match=r'never fetched.*convert_inception'):
    features.load('inception')


def test_no_examples():
  with pytest.raises(ValueError, match='no examples'):
    features.load('pixels').extract(normal(0))


def test_features_are_kept_and_a_damaged_file_is_made_again(tmp_path):
  calls = []

  def embed(x):
    calls.append(len(x))
    return x * 2, x

  net = FeatureNet('twice', 'abc', 'none', embed)
  first = features.cached(net, normal(10), tmp_path)
  again = features.cached(net, normal(10), tmp_path)
  assert len(calls) == 1
  np.testing.assert_array_equal(first.values, again.values)
  np.testing.assert_array_equal(first.logits, again.logits)
  features.cached(net, normal(10, seed=1), tmp_path)
  features.cached(net._replace(sha256='abd'), normal(10), tmp_path)
  assert len(calls) == 3
  for file in tmp_path.iterdir():
    file.write_bytes(file.read_bytes()[:50])
  np.testing.assert_array_equal(
    features.cached(net, normal(10), tmp_path).values, first.values
  )
  assert len(calls) == 4


RECORD = record.Record(
  'fid10k_mnist', 3.0, None, 'mnist', 'ab', 'none', 'mnist', 'cd', 'test',
  10_000, 10_000, 0, 'run', 'ema', 100,
)  # fmt: skip


def test_records_of_one_protocol_compare():
  other = dataclasses.replace(RECORD, value=1.0, seed=1, step=7, source='x')
  assert record.difference(RECORD, other) == 2.0


@pytest.mark.parametrize('field', record.PROTOCOL)
def test_unlike_records_do_not(field):
  changed = 7 if field.endswith('num') else 'changed'
  other = dataclasses.replace(RECORD, **{field: changed})
  with pytest.raises(ValueError, match=f'differ in {field} '):
    record.difference(RECORD, other)


def test_moments_alone_give_the_same_distance(tmp_path):
  net = features.load('pixels')
  metric = protocol.parse('fid60_pixels')
  real, fake = normal(90), normal(60, shift=0.3, seed=1)
  sums = [
    features.cached(net, x, tmp_path, only_moments=True) for x in (real, fake)
  ]
  again = features.cached(net, real, tmp_path, only_moments=True)
  assert again.num == sums[0].num == 90
  assert not len(again.values)
  np.testing.assert_array_equal(again.moments.cov, sums[0].moments.cov)
  whole = [net.extract(x) for x in (real, fake)]
  with pytest.warns(FewSamplesWarning):
    one = protocol.measure(metric, *sums, 0)
  with pytest.warns(FewSamplesWarning):
    other = protocol.measure(metric, *whole, 0)
  assert one[2] == other[2] == 90
  assert one[0] == pytest.approx(other[0], rel=1e-9)
