"""Metric names: parsing, checks against the data, measuring."""

import numpy as np
import pytest
from metrics.features_test import normal

from jaxgan.metrics import feature_cache, features, protocol
from jaxgan.metrics.features import Features
from jaxgan.metrics.frechet import FewSamplesWarning
from jaxgan.metrics.kinds import Real


@pytest.mark.parametrize(
  ('name', 'num', 'net'),
  [
    ('fid10k_mnist', 10_000, 'mnist'),
    ('kid2000_digits', 2000, 'digits'),
    ('w1_1797_pixels', 1797, 'pixels'),
    ('is50k_inception', 50_000, 'inception'),
    ('fidinf5k_digits', 5000, 'digits'),
    ('labelkl10k_mnist', 10_000, 'mnist'),
    ('classes26k_stacked', 26_000, 'stacked'),
    ('modes2048_pixels', 2048, 'pixels'),
    ('memorising1k_inception', 1000, 'inception'),
  ],
)
def test_names_are_parsed(name, num, net):
  metric = protocol.parse(name)
  assert (metric.name, metric.num, metric.features) == (name, num, net)


@pytest.mark.parametrize(
  ('name', 'words'),
  [
    ('fid', 'is not a metric.*such as fid10k_mnist'),
    ('fad10k_mnist', "kind of fad10k_mnist is 'fad'.*coverage"),
    ('fid10k_vgg', "feature net of fid10k_vgg is 'vgg'.*inception"),
    ('kid3_digits', 'has 3 fakes; it must have at least 4'),
    ('w1_20k_pixels', 'has 20000 fakes.*at most 10000'),
    ('is5k_pixels', "is 'pixels'; it must be one of classifier, digits, in"),
    (
      'labelkl5k_pixels',
      'it must be one of classifier, digits, inc',
    ),
    ('msssim1k_digits', 'it must be one of pixels'),
    ('modes1k_mnist', 'it must be one of pixels'),
  ],
)
def test_invalid_names_are_rejected(name, words):
  with pytest.raises(ValueError, match=words):
    protocol.parse(name)


@pytest.mark.parametrize(
  ('name', 'lacks', 'words'),
  [
    ('msssim1k_pixels', 'images', 'needs images, but the real data are vec'),
    ('modes1k_pixels', 'mixture', 'known: gaussians8 or gaussians25'),
    ('quality1k_pixels', 'mixture', 'known: gaussians8 or gaussians25'),
    ('memorising1k_digits', 'train', 'the training examples of .*give --train'),
    (
      'memorising1k_digits',
      'heldout',
      'held-out real examples, as .*--split; eval',
    ),
  ],
)
def test_data_without_what_a_kind_needs_are_rejected(name, lacks, words):
  metric = protocol.parse(name)
  everything = {'reference', 'train', 'heldout', 'images', 'mixture'}
  protocol.check(metric, everything)
  protocol.check(protocol.parse('fid1k_digits'), {'reference'})
  with pytest.raises(ValueError, match=f'{name} .*{words}'):
    protocol.check(metric, everything - {lacks})


def test_too_few_examples_are_rejected():
  metric = protocol.parse('kid50_pixels')
  enough, few = Features(normal(50), None), Features(normal(49), None)
  with pytest.raises(ValueError, match=r'kid50_pixels needs 50 real.*are 49'):
    protocol.measure(metric, Real(few), enough, 0)
  with pytest.raises(ValueError, match=r'kid50_pixels needs 50 fake.*are 49'):
    protocol.measure(metric, Real(enough), few, 0)


def test_moments_alone_give_the_same_distance(tmp_path):
  net = features.load('pixels')
  metric = protocol.parse('fid60_pixels')
  real, fake = normal(90), normal(60, shift=0.3, seed=1)
  sums = [
    feature_cache.features(net, x, tmp_path, only_moments=True)
    for x in (real, fake)
  ]
  again = feature_cache.features(net, real, tmp_path, only_moments=True)
  assert again.num == sums[0].num == 90
  assert not len(again.values)
  np.testing.assert_array_equal(again.moments.cov, sums[0].moments.cov)
  whole = [net.extract(x) for x in (real, fake)]
  with pytest.warns(FewSamplesWarning):
    one = protocol.measure(metric, Real(sums[0]), sums[1], 0)
  with pytest.warns(FewSamplesWarning):
    other = protocol.measure(metric, Real(whole[0]), whole[1], 0)
  assert one[1] == other[1] == 90
  assert one[0].value == pytest.approx(other[0].value, rel=1e-9)
