"""The digit classifier: shapes, independent examples, the shipped weights."""

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan.config import Data
from jaxgan.data import sources
from jaxgan.data.builders.idx import read_idx
from jaxgan.metrics import classifier_files, classifier_net

DIGITS = (8, 8, 1)
MNIST = (28, 28, 1)


def classifier(seed=0):
  """An untrained classifier."""
  record = {'data': 'noise', 'shape': list(DIGITS), 'accuracy': 0.125}
  return classifier_net.make(
    classifier_net.init(DIGITS, jax.random.key(seed)), record
  )


def images(num, shape=DIGITS, seed=0):
  rng = np.random.default_rng(seed)
  return rng.integers(0, 256, (num, *shape)).astype(np.uint8)


@pytest.mark.parametrize(
  ('shape', 'features'), [(DIGITS, 64), (MNIST, 128), ((20, 17, 3), 128)]
)
def test_shapes_and_size(shape, features):
  net, x = classifier_net.build(shape), jnp.zeros((3, *shape))
  params = jax.eval_shape(classifier_net.initializer(shape), jax.random.key(0))
  prediction = jax.eval_shape(net.apply, {'params': params}, x)
  chex.assert_shape(prediction, [(3, features), (3, 10)])
  chex.assert_type(prediction, jnp.float32)
  assert sum(leaf.size for leaf in jax.tree.leaves(params)) < 250_000


def test_features_are_rectified():
  features = classifier().predict(images(50)).features
  assert features.min() == 0
  assert (features > 0).any(axis=1).all()


def test_the_logits_are_a_linear_map_of_the_features():
  net = classifier()
  prediction = net.predict(images(5))
  last = jax.device_get(net.params['Dense_1'])
  expected = prediction.features @ last['kernel'] + last['bias'][None]
  np.testing.assert_allclose(prediction.logits, expected, atol=1e-5)


def test_features_are_dropped_while_it_trains():
  net, x = classifier_net.build(DIGITS), jnp.ones((3, *DIGITS))
  run = lambda seed: net.apply(
    {'params': classifier().params}, x, train=True,
    rngs={'dropout': jax.random.key(seed)},
  )  # fmt: skip
  first, second = run(0), run(1)
  np.testing.assert_array_equal(first.features, second.features)
  assert (first.logits != second.logits).any()
  assert (first.features > 0).any()


def test_examples_never_mix():
  net = classifier_files.load(classifier_files.SHIPPED['mnist'])
  batch = images(6, MNIST)
  before = net.predict(batch)
  batch[2] = 255 - batch[2]
  after = net.predict(batch)
  others = np.arange(6) != 2
  for old, new in zip(before, after, strict=True):
    np.testing.assert_array_equal(old[others], new[others])
    assert (old[2] != new[2]).any()


@pytest.mark.parametrize('chunk', [1, 3, 7, 20])
def test_the_chunk_changes_nothing(chunk):
  net, batch = classifier(), images(7)
  whole = net.apply(jnp.asarray(batch))
  parts = net.predict(batch, chunk)
  assert all(isinstance(each, np.ndarray) for each in parts)
  chex.assert_trees_all_close(tuple(parts), tuple(whole), rtol=1e-5, atol=1e-6)


def test_it_can_be_part_of_a_compiled_function():
  net, batch = classifier(), jnp.asarray(images(4))
  mean = jax.jit(lambda x: net.apply(x).features.mean(axis=0))(batch)
  expected = net.predict(np.asarray(batch)).features.mean(axis=0)
  np.testing.assert_allclose(mean, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
  ('batch', 'sentence'),
  [
    (images(2).astype(np.float32), 'images are float32 of .* takes uint8'),
    (images(2).astype(np.float64), 'images are float64 of .* takes uint8'),
    (images(2, (8, 8, 3)), r'\[2, 8, 8, 3\]; .* of shape \[N, 8, 8, 1\]'),
    (images(2, MNIST), r'\[2, 28, 28, 1\]; .* of shape \[N, 8, 8, 1\]'),
    (images(2)[..., 0], r'shape \[2, 8, 8\]; .* of noise takes'),
    (images(0), 'There are no images'),
  ],
)
def test_images_that_do_not_fit(batch, sentence):
  with pytest.raises(ValueError, match=sentence):
    classifier().predict(batch)


@pytest.mark.parametrize('shape', [(2,), (3, 8, 1), (8, 65, 1), (8, 8)])
def test_shapes_that_it_is_not_made_for(shape):
  with pytest.raises(ValueError, match='sides are 4 to 64 pixels'):
    classifier_net.build(shape)


# The two classifiers that come with the package.


@pytest.mark.parametrize('name', ['digits', 'mnist'])
def test_a_shipped_one_is_small_and_says_what_it_is(name):
  path = classifier_files.SHIPPED[name]
  assert path.stat().st_size < 1e6
  result = classifier_files.load(path)
  assert result.name == name
  assert result.record['seed'] == 0
  assert result.record['split'] != result.record['test_split']
  assert result.shape == {'digits': DIGITS, 'mnist': MNIST}[name]


def test_the_shipped_digits_reach_their_accuracy():
  result = classifier_files.load(classifier_files.SHIPPED['digits'])
  data = sources.load(Data(split=result.record['test_split']))
  assert len(data.images) == result.record['test_images'] == 359
  prediction = result.predict(data.images)
  right = prediction.logits.argmax(axis=1) == data.labels
  assert result.accuracy >= 0.98
  # Rounding on another machine may change one close prediction.
  assert right.mean() == pytest.approx(result.accuracy, abs=1.5 / len(right))


def test_distances_of_features_tell_digits_apart():
  result = classifier_files.load(classifier_files.SHIPPED['digits'])
  train_data = sources.load(Data(split=result.record['split']))
  held_out = sources.load(Data(split=result.record['test_split']))
  features = result.predict(train_data.images).features
  means = np.stack(
    [features[train_data.labels == k].mean(axis=0) for k in range(10)]
  )
  far = result.predict(held_out.images).features[:, None] - means[None]
  nearest = np.square(far).sum(axis=2).argmin(axis=1)
  assert np.mean(nearest == held_out.labels) >= 0.97


@pytest.mark.slow
def test_the_shipped_mnist_is_right_on_99_per_cent(real_mnist):
  result = classifier_files.load(classifier_files.SHIPPED['mnist'])
  batch = read_idx(real_mnist / 't10k-images-idx3-ubyte.gz', 3)[..., None]
  labels = read_idx(real_mnist / 't10k-labels-idx1-ubyte.gz', 1)
  right = result.predict(batch).logits.argmax(axis=1) == labels
  assert right.mean() >= 0.99
  assert right.mean() == pytest.approx(result.accuracy, abs=3e-4)
