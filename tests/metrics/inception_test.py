"""Inception with random weights equals the PyTorch nets with these weights."""

import json

import inception_random
import jax
import numpy as np
import pytest
import small

from jaxgan.metrics import inception, inception_weights, resize


@pytest.fixture(scope='module')
def variables(tmp_path_factory):
  """Random weights, converted as the public weights are."""
  path = tmp_path_factory.mktemp('weights') / 'inception.npz'
  arrays = inception_weights.from_torch(inception_random.state_dict())
  inception_weights.save(path, arrays, '0' * 64)
  return inception_weights.load(path).variables


@pytest.fixture(scope='module')
def references(root):
  """Outputs of the packages, written by tests/references/inception.py."""
  path = root / 'tests' / 'references' / 'inception.json'
  return json.loads(path.read_text())


def test_every_resize_has_its_scale():
  assert set(inception.SCALES) == set(resize.RESIZES)


@pytest.mark.slow
@pytest.mark.parametrize('name', small.quick(resize.RESIZES, 'clean'))
def test_features_and_logits_equal_those_of_pytorch(
  variables, references, name
):
  images = inception_random.images(2, 24, 32)
  outputs = inception.embed(variables, images, resize=name)
  assert [x.shape[1] for x in outputs] == [2048, 1008, 1008]
  for field, expected in references[name].items():
    result = getattr(outputs, field)
    assert result.dtype == np.float32
    result = result[:, :: result.shape[1] // len(expected[0])]
    np.testing.assert_allclose(result, expected, rtol=0, atol=2e-5)


def test_protocols_give_different_features(references):
  clean, legacy, first = (
    np.array(references[name]['features'])
    for name in ('clean', 'legacy', 'legacy_tf')
  )
  assert np.abs(legacy - first).max() > 1e-3
  assert np.abs(legacy - clean).max() > 1e-2


@pytest.mark.slow
def test_an_image_has_the_same_features_in_any_batch(variables):
  images = inception_random.images(2, 24, 32)
  both = inception.embed(variables, images).features
  alone = inception.embed(variables, images[1:]).features
  np.testing.assert_allclose(both[1:], alone, rtol=0, atol=2e-5)
  assert np.abs(both[0] - both[1]).max() > 0.1


def test_the_net_has_the_size_of_the_public_one():
  net = inception_weights.shapes()
  # 94 convolutions with a kernel and four batch norm arrays, one dense layer.
  assert len(net) == 94 * 5 + 2
  params = {n: s for n, s in net.items() if n.startswith('params/')}
  head = 2048 * 1008 + 1008
  assert sum(np.prod(s) for s in params.values()) == 21_785_568 + head


@pytest.mark.parametrize(
  ('shape', 'dtype', 'name', 'sentence'),
  [
    ((1, 8, 8, 1), np.uint8, 'clean', 'have 1 channels, but Inception takes 3'),
    ((1, 8, 8, 4), np.uint8, 'clean', 'have 4 channels, but Inception takes 3'),
    ((8, 8, 3), np.uint8, 'clean', r'it must be \[N, H, W, C\] uint8'),
    ((1, 8, 8, 3), np.float32, 'clean', 'and type float32; it must be'),
    ((1, 8, 8, 3), np.uint8, 'best', "resize is 'best'; it must be one of cle"),
  ],
)
def test_invalid_images_are_rejected(shape, dtype, name, sentence):
  with pytest.raises(ValueError, match=sentence):
    inception.embed({}, np.zeros(shape, dtype), resize=name)


@pytest.mark.slow
def test_a_batch_may_lie_on_several_devices(variables):
  mesh = jax.sharding.Mesh(np.array(jax.devices()[:2]), ('data',))
  spec = jax.sharding.PartitionSpec
  over = lambda x, *axes: jax.device_put(
    x, jax.sharding.NamedSharding(mesh, spec(*axes))
  )
  images = inception_random.images(2, 24, 32)
  spread = inception.embed(over(variables), over(images, 'data'))
  assert spread.features.sharding.spec == spec('data')
  whole = inception.embed(variables, images)
  np.testing.assert_allclose(spread.features, whole.features, rtol=0, atol=2e-5)
