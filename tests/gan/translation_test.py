"""Image-to-image translation: its inputs, and one step of training."""

import dataclasses

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import small

from jaxgan.config import Loss, from_config_dict, to_dict
from jaxgan.config import Translation as Settings
from jaxgan.gan import reconstruction, translation
from jaxgan.nets.chunks import CHUNK
from jaxgan.types import Batch

SHAPE = (12, 8, 3)
KEY = jax.random.key(0)


def build(inputs, shape=SHAPE, **settings):
  return translation.build(Settings(input=inputs, **settings), shape)


def images(num, shape=SHAPE, seed=0):
  rng = np.random.default_rng(seed)
  return rng.integers(0, 256, (num, *shape), np.uint8)


@pytest.mark.parametrize(
  ('inputs', 'channels'),
  [
    ('gray', 1), ('edges', 1), ('low_resolution', 3), ('noise', 3), ('hole', 4),
  ],
)  # fmt: skip
def test_inputs_are_flat_and_can_be_shown(inputs, channels):
  made = build(inputs)
  z = made.inputs(KEY, jnp.asarray(images(5)))
  assert z.shape == (5, made.width)
  assert made.unflatten(z).shape == (5, 12, 8, channels)
  picture = made.picture(z)
  assert (picture.shape, picture.dtype) == ((5, *SHAPE), np.uint8)


def test_gray_is_the_luminance():
  x = np.zeros((1, 12, 8, 3), np.uint8)
  x[0, 0, 0], x[0, 1, 1] = (255, 0, 0), (255, 255, 255)
  y = build('gray').unflatten(build('gray').inputs(KEY, jnp.asarray(x)))[0]
  np.testing.assert_allclose(y[0, 0], 2 * 0.299 - 1, atol=1e-6)
  np.testing.assert_allclose(y[1, 1], 1, atol=1e-6)
  np.testing.assert_allclose(y[2, 2], -1, atol=1e-6)


def test_low_resolution_keeps_the_means_of_squares():
  made = build('low_resolution', factor=4)
  flat = np.kron(np.arange(6).reshape(3, 2) * 40, np.ones((4, 4)))
  x = np.repeat(flat[None, :, :, None], 3, axis=-1).astype(np.uint8)
  y = made.unflatten(made.inputs(KEY, jnp.asarray(x)))
  small_image = x[:, ::4, ::4] / 127.5 - 1
  expected = translation.enlarge(jnp.asarray(small_image, jnp.float32), 4)
  np.testing.assert_allclose(y, expected, atol=1e-6)


def test_a_hole_is_a_rectangle_and_the_rest_is_kept():
  made = build('hole', hole=0.5)
  x = images(40)
  z = made.inputs(KEY, jnp.asarray(x))
  y = np.asarray(made.unflatten(z))
  masks = y[..., -1]
  assert set(np.unique(masks)) == {0, 1}
  for mask in masks:
    rows, columns = mask.max(1), mask.max(0)
    assert (rows.sum(), columns.sum()) == (6, 4)
    np.testing.assert_array_equal(mask, np.outer(rows, columns))
  assert len(np.unique(masks, axis=0)) > 10
  assert masks[:, 0].max() == masks[:, -1].max() == 1  # Up to the border.
  assert (y[..., :-1][masks == 1] == 0).all()
  whole = made.finish(jnp.full((40, *SHAPE), 9.0), z)
  truth = x / np.float32(127.5) - 1
  hole = np.broadcast_to(masks[..., None] == 1, truth.shape)
  np.testing.assert_allclose(whole, np.where(hole, 9, truth), atol=1e-6)


def test_noise_has_its_deviation():
  made = build('noise', noise=0.25)
  x = np.full((200, *SHAPE), 51, np.uint8)
  z = np.asarray(made.inputs(KEY, jnp.asarray(x)))
  assert z.mean() == pytest.approx(-0.6, abs=0.005)
  assert z.std() == pytest.approx(0.25, abs=0.005)


def test_edges_are_those_of_the_image():
  x = np.zeros((1, *SHAPE), np.uint8)
  x[:, 6:] = 255
  y = np.asarray(build('edges').unflatten(build('edges').inputs(KEY, x)))[0]
  np.testing.assert_allclose(y[[0, 1, 2, 3, 9, 10, 11]], -1, atol=1e-5)
  assert (y[5:7] > 0.99).all()


def test_the_upper_half_of_a_pair_is_the_input():
  made = build('pair', (24, 8, 3))
  assert (made.shape, made.width) == (SHAPE, 12 * 8 * 3)
  x = images(4, (24, 8, 3)).reshape(2, 2, 24, 8, 3)
  batch = made.pairs(KEY, Batch(jnp.asarray(x), jnp.zeros((2, 2), jnp.int32)))
  np.testing.assert_array_equal(batch.image, x[:, :, 12:])
  inputs = made.picture(batch.label.reshape(4, -1))
  np.testing.assert_array_equal(inputs, x.reshape(4, 24, 8, 3)[:, :12])
  truths = translation.truths(made.settings, x[0])
  np.testing.assert_array_equal(truths, x[0, :, 12:])


def test_inputs_do_not_depend_on_the_number_of_images():
  made = build('noise')
  x = images(CHUNK + 5)
  z = made.of_images(KEY, x)
  assert z.shape == (CHUNK + 5, made.width)
  np.testing.assert_array_equal(z[:7], made.of_images(KEY, x[:7]))


@pytest.mark.parametrize(
  ('inputs', 'shape', 'sentence'),
  [
    ('gray', (5,), 'vectors of 5 values; only images can be translated'),
    ('low_resolution', (10, 8, 3), 'factor is 4 and the images have 10x8 pix'),
  ],
)
def test_what_cannot_be_translated_gets_a_sentence(inputs, shape, sentence):
  with pytest.raises(ValueError, match=sentence):
    build(inputs, shape)


def test_unpaired_images_alternate_and_are_translated_from_their_neighbors():
  made = build('unpaired', (24, 8, 3))
  x = images(6, (24, 8, 3)).reshape(2, 3, 24, 8, 3)
  batch = made.pairs(KEY, Batch(jnp.asarray(x), jnp.zeros((2, 3), jnp.int32)))
  assert batch.image.shape == (2, 6, *SHAPE)
  np.testing.assert_array_equal(batch.image[:, 0::2], x[:, :, :12])
  np.testing.assert_array_equal(batch.image[:, 1::2], x[:, :, 12:])
  inputs = made.picture(batch.label.reshape(12, -1)).reshape(2, 6, *SHAPE)
  np.testing.assert_array_equal(inputs[:, 0::2], x[:, :, 12:])
  np.testing.assert_array_equal(inputs[:, 1::2], x[:, :, :12])


def test_cycles_and_identities_by_hand():
  # A generator that adds 1 to images of even index, and 10 to the others.
  add = jnp.array([1.0, 10.0, 1.0, 10.0])[:, None, None, None]
  generate = lambda z: z.reshape(4, 2, 1, 1) + add
  real = jnp.arange(8.0).reshape(4, 2, 1, 1)
  fake = generate(translation.swap(real))
  loss = Loss(cycle=2.0, identity=3.0)
  value = reconstruction.cost(loss, generate, fake, real)
  # There and back is 11 more in both directions.
  np.testing.assert_allclose(value, 2 * 11 + 3 * 5.5)
  value = reconstruction.cost(Loss(l1=4.0), generate, fake, fake + 0.5)
  np.testing.assert_allclose(value, 2.0)
  assert reconstruction.cost(Loss(), generate, fake, real) == 0


def unpaired(**sections):
  return small.config(
    game='translation',
    translation={'input': 'unpaired'},
    data={'name': 'unpaired', 'path': 'x'},
    net={
      'name': 'encoder_decoder', 'gen_widths': (4,), 'critic_widths': (4,),
      'blocks': 1, 'gen_norm': 'instance', 'critic_input': False,
    },
    **sections,
  )  # fmt: skip


def test_each_net_sees_its_own_domain():
  made = unpaired(loss={'cycle': 1.0})
  networks = small.problem(made, (24, 8, 3)).networks
  variables = networks.init(KEY)
  z = jax.random.normal(KEY, (4, 12 * 8 * 3))
  score = networks.score(variables.critic, None, KEY)
  x = z.reshape(4, *SHAPE)

  def without(part, name):
    zeros = jax.tree.map(jnp.zeros_like, part['params'][name])
    return {'params': {**part['params'], name: zeros}}

  fake = networks.generate(variables.gen, z, KEY)[0]
  other = networks.generate(without(variables.gen, 'forward'), z, KEY)[0]
  np.testing.assert_array_equal(fake[0::2], other[0::2])
  np.testing.assert_array_equal(other[1::2], x[1::2])  # It copies.
  forward = networks.sample(variables.gen, z)
  np.testing.assert_allclose(forward[1::2], fake[1::2], rtol=1e-6)
  assert not np.allclose(forward[0::2], fake[0::2])
  blind = networks.score(without(variables.critic, 'inputs'), None, KEY)
  np.testing.assert_array_equal(blind(x)[0::2], 0)
  np.testing.assert_array_equal(blind(x)[1::2], score(x)[1::2])


@pytest.mark.slow
def test_cyclegan_on_one_device_is_that_on_eight():
  made = unpaired(
    loss={'name': 'least_squares', 'cycle': 10.0, 'identity': 5.0},
    penalty={'preset': 'iterative'},
  )
  one, eight = (step_of(made, n, shape=(24, 8, 3)) for n in (1, 8))
  chex.assert_trees_all_close(
    jax.device_get(one[1]), jax.device_get(eight[1]), rtol=2e-4, atol=1e-5
  )


def config(inputs='hole', loss=None, **sections):
  return small.config(
    game='translation',
    translation={'input': inputs},
    net={
      'name': 'unet', 'gen_widths': (4, 4), 'critic_widths': (4, 4), 'depth': 1
    },
    loss={'name': 'nonsaturating', 'l1': 3.0, **(loss or {})},
    **sections,
  )  # fmt: skip


def step_of(config, devices=1, shape=SHAPE):
  state, step, over = small.make(config, shape=shape, devices=devices)
  return step(state, small.batch(config, over, shape=shape))


def test_without_adversary_the_loss_is_that_of_the_pixels():
  # The critic sees nothing of it: its parameters stay as they are.
  made = config(
    'low_resolution', {'adversarial': 0.0}, optim={'critic': {'lr': 0.0}}
  )
  problem = small.problem(made, SHAPE)
  start, _, _ = small.make(made, shape=SHAPE)
  batch = small.batch(made, small.mesh(), shape=SHAPE)
  key = jax.random.fold_in(jax.random.fold_in(start.key, 0), 2)
  pairs = problem.translation.pairs(key, batch)
  fake = problem.networks.sample(start.variables.gen, pairs.label[-1])
  real = problem.networks.real(batch.image[-1])
  expected = 3 * np.abs(fake - real).mean()
  _, metrics = step_of(made)
  np.testing.assert_allclose(metrics['gen_loss'], expected, rtol=1e-5)


@pytest.mark.parametrize('inputs', small.quick(['hole', 'noise'], 'hole'))
def test_one_device_is_eight(inputs):
  made = config(inputs, penalty={'preset': 'iterative'})
  one, eight = (step_of(made, devices) for devices in (1, 8))
  chex.assert_trees_all_close(
    jax.device_get(one[1]), jax.device_get(eight[1]), rtol=2e-4, atol=1e-5
  )


@pytest.mark.slow
def test_parts_of_a_batch_are_the_whole():
  one = config('hole', penalty={'preset': 'wgan_gp'})
  parts = dataclasses.replace(
    one, train=dataclasses.replace(one.train, microbatches=2)
  )
  chex.assert_trees_all_close(
    jax.device_get(step_of(one)[1]),
    jax.device_get(step_of(parts)[1]),
    rtol=2e-4,
    atol=1e-5,
  )


@pytest.mark.parametrize(
  ('sections', 'sentence'),
  [
    ({'game': 'gan'}, "game is 'gan' and net.name is 'unet'"),
    ({'net': {'name': 'dcgan'}}, 'translation needs one of unet'),
    ({'net': {'classes': 3}}, 'net.classes is 3'),
    ({'loss': {'l1': 0.0, 'adversarial': 0.0}}, 'one of them must be above 0'),
    ({'regularisers': {'augment': ('cutout',)}}, 'is not augmented, so'),
  ],
)
def test_keys_that_exclude_each_other_get_a_sentence(sections, sentence):
  values = to_dict(config())
  for name, section in sections.items():
    new = {**values[name], **section} if isinstance(section, dict) else section
    values[name] = new
  with pytest.raises(ValueError, match=sentence):
    from_config_dict(values)


def test_a_gan_has_no_l1():
  with pytest.raises(ValueError, match=r'loss\.l1 is 1\.0 and game is'):
    small.config(loss={'l1': 1.0})


def test_crops_are_those_of_the_enlarged_image():
  x = np.random.default_rng(0).normal(size=(8, 6, 2)).astype(np.float32)
  large = jax.image.resize(x, (16, 12, 2), 'linear')
  for corner in ((0.0, 0.0), (1.0, 1.0), (0.5, 0.0)):
    row, column = round(8 * corner[0]), round(6 * corner[1])
    crop = translation.crops(2.0, jnp.array(corner), jnp.asarray(x))
    expected = large[row : row + 8, column : column + 6]
    np.testing.assert_allclose(crop, expected, atol=1e-5)


@pytest.mark.parametrize('inputs', ['pair', 'unpaired'])
def test_both_images_of_a_pair_are_cropped_alike(inputs):
  made = build(inputs, (24, 8, 3), crop_from=30, noise=0.0)
  half = images(6, SHAPE).reshape(2, 3, *SHAPE)
  x = np.concatenate([half, half], axis=2)  # Equal halves.
  data = Batch(jnp.asarray(x), jnp.zeros((2, 3), jnp.int32))
  pairs = jax.jit(made.pairs)
  batch, again, other = (pairs(jax.random.key(i), data) for i in (0, 0, 1))
  np.testing.assert_array_equal(batch.image, again.image)
  inputs_made = batch.label.reshape(batch.image.shape)
  if inputs == 'pair':  # Those of two domains have nothing in common.
    np.testing.assert_allclose(inputs_made, batch.image, atol=1e-6)
  assert batch.image.dtype == jnp.float32
  assert np.abs(batch.image).max() <= 1 + 1e-6
  changed = (other.image != batch.image).any((2, 3, 4))
  assert changed.mean() > 0.5


def test_a_crop_is_smaller_than_what_it_is_cropped_from():
  with pytest.raises(
    ValueError, match='crop_from is 12 and the images have 12'
  ):
    build('pair', (24, 8, 3), crop_from=12)
  with pytest.raises(ValueError, match='it is of translations alone'):
    small.config(translation={'crop_from': 8})
