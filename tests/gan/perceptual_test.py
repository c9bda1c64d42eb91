"""Losses of feature maps and of their Gram matrices."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import small
from PIL import Image

from jaxgan.config import Loss
from jaxgan.gan import perceptual
from jaxgan.gan.perceptual import Perceptual

KEY = jax.random.key(0)
SHAPE = (8, 8, 1)  # Of the digits.


def maps(x):
  """Two layers: the image, and twice the mean of its pixels."""
  return {'one': x, 'two': 2 * x.mean((1, 2), keepdims=True)}


def test_a_gram_matrix_by_hand():
  x = jnp.array([[[[1.0, 2.0], [3.0, 4.0]]]])  # Two pixels of two channels.
  expected = np.array([[1 + 9, 2 + 12], [2 + 12, 4 + 16]]) / (1 * 2 * 2)
  np.testing.assert_allclose(perceptual.gram(x)[0], expected)
  shuffled = x[:, :, ::-1]
  np.testing.assert_allclose(perceptual.gram(shuffled)[0], expected)
  far = perceptual.style_distance(perceptual.gram(x), perceptual.gram(0 * x))
  np.testing.assert_allclose(far, np.sum(expected**2))


def test_features_and_style_by_hand():
  fake, real = jnp.full((2, 1, 2, 1), 3.0), jnp.full((2, 1, 2, 1), 1.0)
  # Squared differences 4 and 16 of the maps; Gram matrices 9 and 1, 36 and 4.
  loss = Perceptual(maps, features=2.0, style=0.0)
  np.testing.assert_allclose(loss(fake, real), 2 * (4 + 16) / 2)
  loss = Perceptual(maps, features=0.0, style=0.5)
  np.testing.assert_allclose(loss(fake, real), 0.5 * (8**2 + 32**2) / 2)
  grams = jax.tree.map(perceptual.gram, maps(jnp.zeros((1, 1, 2, 1))))
  loss = loss._replace(grams=grams)
  np.testing.assert_allclose(loss(fake, real), 0.5 * (9**2 + 36**2) / 2)


def test_of_a_classifier_all_convolutions_are_used(tmp_path):
  made = perceptual.build(Loss(features=1.0, features_net='digits'), SHAPE)
  x, y = jax.random.uniform(KEY, (2, 3, *SHAPE))
  shapes = {name: m.shape for name, m in made.maps(x).items()}
  assert shapes == {
    'conv_1': (3, 8, 8, 32), 'conv_2': (3, 4, 4, 64), 'conv_3': (3, 2, 2, 64),
  }  # fmt: skip
  assert float(made(x, x)) == 0
  slope = jax.grad(lambda x: made(x, y))(x)
  assert (np.abs(slope).max((1, 2, 3)) > 0).all()
  style = np.random.default_rng(0).integers(0, 256, (20, 30), np.uint8)
  Image.fromarray(style).save(tmp_path / 'style.png')
  config = Loss(
    style=1.0, features_net='digits', style_image=str(tmp_path / 'style.png')
  )
  made = perceptual.build(config, SHAPE)
  assert {m.shape for m in made.grams.values()} == {(1, 32, 32), (1, 64, 64)}
  assert float(made(x, y)) == float(made(x, x)) > 0
  assert perceptual.build(Loss(), SHAPE) is None


@pytest.mark.parametrize(
  ('loss', 'error', 'sentence'),
  [
    (
      {'features_net': 'none.npz'},
      FileNotFoundError,
      'none.npz does not exist',
    ),
    ({'features_net': 'mnist'}, ValueError, r'takes images \[28, 28, 1\], and'),
    (
      {'features_net': 'digits', 'style': 1.0, 'style_image': 'none.png'},
      ValueError,
      r'loss.style_image is none.png, which cannot be read \(No such file',
    ),
  ],
)
def test_files_that_do_not_fit_get_a_sentence(loss, error, sentence):
  with pytest.raises(error, match=sentence):
    perceptual.build(Loss(features=1.0, **loss), SHAPE)


@pytest.mark.slow
def test_a_generator_learns_the_gram_matrices_without_a_critic(tmp_path):
  Image.fromarray(np.eye(8, dtype=np.uint8) * 255).save(tmp_path / 'style.png')
  config = small.config(
    game='translation',
    translation={'input': 'noise', 'noise': 0.0},
    net={
      'name': 'encoder_decoder', 'gen_widths': (8,), 'critic_widths': (2,),
      'blocks': 1, 'gen_norm': 'instance',
    },
    loss={
      'adversarial': 0.0, 'features': 1.0, 'style': 1000.0,
      'features_net': 'digits', 'style_image': str(tmp_path / 'style.png'),
    },
    penalty={'preset': 'none'},
    optim={'gen': {'lr': 3e-3}},
    train={'critic_steps': 1},
  )  # fmt: skip
  state, step, over = small.make(config, shape=SHAPE)
  losses = []
  for i in range(30):
    state, metrics = step(state, small.batch(config, over, i, SHAPE))
    losses.append(float(metrics['gen_loss']))
  assert losses[-1] < 0.7 * losses[0], losses


@pytest.mark.slow
def test_three_layers_of_inception_are_used(tmp_path):
  from jaxgan.metrics import feature_maps, inception_weights, npz

  rng = np.random.default_rng(0)
  arrays = {
    name: rng.uniform(0.01, 0.02, shape).astype(np.float32)
    for name, shape in inception_weights.shapes().items()
  }
  npz.write(tmp_path / 'x.npz', {**arrays, 'source_sha256': np.array('0' * 64)})
  made = feature_maps.load(str(tmp_path / 'x.npz'), (64, 64, 3))
  shapes = jax.eval_shape(made, jnp.zeros((2, 64, 64, 3)))
  assert {name: x.shape[1:] for name, x in shapes.items()} == {
    'stem': (35, 35, 192), 'Mixed_5d': (35, 35, 288), 'Mixed_6e': (17, 17, 768),
  }  # fmt: skip
  with pytest.raises(ValueError, match=r'takes images \[H, W, 3\]'):
    feature_maps.load(str(tmp_path / 'x.npz'), (64, 64, 1))
