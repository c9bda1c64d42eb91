"""Pictures of any size through a translation, and its trivial answers."""

from unittest import mock

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import small
from PIL import Image

from jaxgan.config import Translation as Settings
from jaxgan.evaluation import (
  baselines,
  command,
  plan,
  restore,
  tiles,
  translate,
)
from jaxgan.evaluation import run as run_lib
from jaxgan.evaluation.reference_data import Reference
from jaxgan.evaluation.translate import Picture
from jaxgan.gan import problem as problem_lib
from jaxgan.gan import translation as translation_lib
from jaxgan.gan.generator import generator_of
from jaxgan.training import train


def generator(
  inputs, shape=(16, 16, 3), *, critic_input=True, loss=None, **sections
):
  config = small.config(
    game='translation',
    translation={'input': inputs},
    net={
      'name': 'unet', 'gen_widths': (4, 4), 'critic_widths': (4, 4),
      'critic_input': critic_input,
    },
    loss=loss or {'l1': 1.0},
    **sections,
  )  # fmt: skip
  problem = problem_lib.build(config, shape)
  variables = problem.networks.init(jax.random.key(0)).gen
  return generator_of(problem, variables)


def copying(inputs):
  """A generator whose last kernel is zero, so that it copies its input."""
  made = generator(inputs)
  zero = jax.tree.map(jnp.zeros_like, made.variables)
  return made._replace(variables=zero)


def pixels(height, width, channels=3, seed=0):
  rng = np.random.default_rng(seed)
  return rng.integers(0, 256, (height, width, channels), np.uint8)


@pytest.mark.parametrize('size', [(5, 70), (16, 16), (40, 33)])
def test_tiles_are_put_together_again(size, monkeypatch):
  monkeypatch.setattr(tiles, '_TILE', 16)
  monkeypatch.setattr(tiles, '_OVERLAP', 6)
  x = pixels(*size)
  y = translate.translate(copying('noise'), Picture(x, None))
  np.testing.assert_array_equal(y, x)


def test_a_picture_may_have_the_height_of_an_overlap():
  x = pixels(tiles._OVERLAP, 300)
  y = translate.translate(copying('noise'), Picture(x, None))
  np.testing.assert_array_equal(y, x)


def test_tiles_agree_with_the_whole(monkeypatch):
  made = generator('gray')
  picture = Picture(pixels(64, 64), None)
  whole = translate.translate(made, picture)
  monkeypatch.setattr(tiles, '_TILE', 48)
  parts = translate.translate(made, picture)
  # Away from the seams; borders of tiles see padding.
  np.testing.assert_allclose(
    whole[:8, :8].astype(int), parts[:8, :8].astype(int), atol=1
  )


def test_low_resolution_is_enlarged_with_its_alpha():
  x, alpha = pixels(9, 5), pixels(9, 5, 1, seed=1)
  y = translate.translate(copying('low_resolution'), Picture(x, alpha))
  assert y.shape == (36, 20, 4)
  small_image = jnp.asarray(x / np.float32(127.5) - 1)[None]
  expected = np.asarray(translation_lib.enlarge(small_image, 4)[0])
  np.testing.assert_allclose(
    y[..., :3] / 127.5 - 1, np.clip(expected, -1, 1), atol=0.005
  )


def test_unpaired_is_translated_in_both_directions():
  made = generator(
    'unpaired', (32, 16, 3),
    data={'name': 'unpaired', 'path': 'x'}, critic_input=False,
    loss={'cycle': 1.0},
  )  # fmt: skip
  params = made.variables['params']
  zeros = jax.tree.map(jnp.zeros_like, params['backward'])
  made = made._replace(variables={'params': {**params, 'backward': zeros}})
  picture = Picture(pixels(16, 16), None)
  back = translate.translate(made, picture, reverse=True)
  np.testing.assert_array_equal(back, picture.pixels)
  assert (translate.translate(made, picture) != picture.pixels).any()


def test_a_hole_is_white_in_a_mask_or_transparent():
  x = pixels(16, 16)
  mask = np.zeros((16, 16, 1), np.float32)
  mask[3:7, 5:9] = 1
  made = generator('hole')
  by_mask = translate.translate(made, Picture(x, None), mask)
  alpha = (255 * (1 - mask)).astype(np.uint8)
  by_alpha = translate.translate(made, Picture(x, alpha))
  np.testing.assert_array_equal(by_mask, by_alpha)
  known = mask[..., 0] == 0
  np.testing.assert_array_equal(by_mask[known], x[known])
  assert (by_mask[~known] != x[~known]).any()


@pytest.mark.parametrize(
  ('inputs', 'mask', 'sentence'),
  [
    ('hole', None, 'has no hole; give --mask'),
    ('gray', np.ones((16, 16, 1)), 'is gray; only hole takes a mask'),
  ],
)
def test_masks_and_holes_need_each_other(inputs, mask, sentence):
  with pytest.raises(ValueError, match=sentence):
    translate.translate(generator(inputs), Picture(pixels(16, 16), None), mask)


def test_files_that_cannot_be_translated_get_a_sentence(tmp_path):
  with pytest.raises(ValueError, match='where there is no picture'):
    translate.find(tmp_path)
  for name in ('a.png', 'a.bmp'):
    Image.fromarray(pixels(4, 4)).save(tmp_path / name)
  with pytest.raises(ValueError, match='would have the same output'):
    translate.find(tmp_path)
  (tmp_path / 'b.png').write_bytes(b'no image')
  with pytest.raises(ValueError, match=r'b\.png is not a complete image file'):
    translate.read(tmp_path / 'b.png', 3)
  picture = translate.read(tmp_path / 'a.png', 3)
  Image.fromarray(pixels(5, 4)).save(tmp_path / 'mask.png')
  with pytest.raises(ValueError, match='is 4x5 pixels and the picture is 4x4'):
    translate.read_mask(tmp_path / 'mask.png', picture)


def test_an_exif_rotation_is_applied(tmp_path):
  image = Image.fromarray(pixels(4, 6))
  exif = image.getexif()
  exif[0x0112] = 6  # Turned by 90 degrees.
  image.save(tmp_path / 'turned.png', exif=exif)
  assert translate.read(tmp_path / 'turned.png', 3).pixels.shape == (6, 4, 3)


def test_a_gan_translates_nothing():
  problem = small.problem(small.config())
  with pytest.raises(ValueError, match='generates images from latents'):
    translate.of(generator_of(problem, {}))


def test_a_translation_has_no_latents():
  with pytest.raises(ValueError, match=r'by python -m jaxgan\.translate'):
    _ = generator('gray').latents
  with pytest.raises(ValueError, match='3 images are to be translated and'):
    generator('gray').inputs(jax.random.key(0), 3)


def test_trivial_answers_by_hand():
  truth = np.stack([np.full((8, 8, 3), v, np.uint8) for v in (10, 100, 200)])
  train = np.stack([np.full((8, 8, 3), v, np.uint8) for v in (0, 90, 180)])
  made = translation_lib.build(Settings(input='low_resolution'), (8, 8, 3))
  z = made.of_images(jax.random.key(0), truth)
  answers = {
    name: answer(made, z, train) for name, answer in baselines.ANSWERS.items()
  }
  np.testing.assert_array_equal(answers['copy'], truth)
  np.testing.assert_array_equal(answers['mean'], np.full_like(truth, 90))
  np.testing.assert_array_equal(answers['nearest'], train)


def test_answers_keep_the_known_part_and_the_luminance():
  truth, train = pixels(8, 8)[None], pixels(8, 8, seed=1)[None]
  made = translation_lib.build(Settings(input='hole'), (8, 8, 3))
  z = made.of_images(jax.random.key(0), truth)
  known = np.asarray(made.unflatten(z))[0, ..., -1] == 0
  for name in ('mean', 'nearest'):
    answer = baselines.ANSWERS[name](made, z, train)[0]
    np.testing.assert_array_equal(answer[known], truth[0][known])
    np.testing.assert_array_equal(answer[~known], train[0][~known])
  made = translation_lib.build(Settings(input='gray'), (8, 8, 3))
  truth, train = (x // 4 + 96 for x in (truth, train))  # Nothing is clipped.
  z = made.of_images(jax.random.key(0), truth)
  colored = baselines.mean(made, z, train)
  again = made.of_images(jax.random.key(0), colored)
  np.testing.assert_allclose(again, z, atol=0.01)


def test_a_run_translates_a_folder_and_a_file(tmp_path):
  config = small.config(
    game='translation',
    net={'name': 'unet', 'gen_widths': (4,), 'critic_widths': (4,)},
    loss={'l1': 1.0},
    data={'name': 'folder', 'image_size': 8, 'mock_examples': 16},
    train={'steps': 1},
    eval={'num_images': 3},
  )
  train.train_and_evaluate(config, tmp_path / 'run')
  with pytest.raises(ValueError, match='scores patches of translations'):
    restore.load_critic(tmp_path / 'run')
  (tmp_path / 'in').mkdir()
  for name, size in (('a', (9, 20)), ('b', (8, 8))):
    Image.fromarray(pixels(*size)).save(tmp_path / f'in/{name}.png')
  folders = tmp_path / 'run', tmp_path / 'in', tmp_path / 'out'
  translate.translate_files(*folders)
  sizes = {
    f.name: translate.read(f, 3).pixels.shape[:2]
    for f in (tmp_path / 'out').iterdir()
  }
  assert sizes == {'a.png': (9, 20), 'b.png': (8, 8)}
  with pytest.raises(ValueError, match='out is not empty'):
    translate.translate_files(*folders)
  picture = tmp_path / 'in/a.png'
  with pytest.raises(ValueError, match='only unpaired translates in the rev'):
    translate.translate_files(
      tmp_path / 'run', picture, tmp_path / 'd.png', reverse=True
    )
  with pytest.raises(ValueError, match=r'a picture needs a \.png'):
    translate.translate_files(tmp_path / 'run', picture, tmp_path / 'x')
  with pytest.raises(ValueError, match='already exists'):
    translate.translate_files(tmp_path / 'run', picture, picture)
  translate.translate_files(tmp_path / 'run', picture, tmp_path / 'c.png')
  one, same = (
    translate.read(tmp_path / name, 3).pixels for name in ('c.png', 'out/a.png')
  )
  np.testing.assert_array_equal(one, same)
  run = run_lib.load(tmp_path / 'run')
  np.testing.assert_array_equal(run.translate(pixels(9, 20)), one)
  with pytest.raises(ValueError, match=r'uint8 \[H, W, 3\]'):
    run.translate(pixels(9, 20) / 255)
  with pytest.raises(ValueError, match=r'must be \[9, 20, 1\], as its image'):
    run.translate(pixels(9, 20), np.zeros((9, 20)))


def test_labels_and_neighbors_of_latents_are_refused(tmp_path):
  images = pixels(8, 8)[None]
  reference = Reference('x', '', images, None, pairs=images)
  with pytest.raises(ValueError, match='asks for labels, and a translation'):
    plan.parse(['asked10_classifier'], reference)
  assert plan.parse(['msssim1_10_pixels'], reference)[0].num == 10
  options = command.Options(
    workdir=str(tmp_path), neighbours='x.png', reference='x'
  )
  folder = command.workdir
  with (
    mock.patch.object(command, '_reference', return_value=reference),
    mock.patch.object(folder, 'load_config', return_value=small.config()),
    pytest.raises(ValueError, match='--neighbours looks for training images'),
  ):
    command.run(options)
