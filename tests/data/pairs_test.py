"""Pairs of images in two folders, or side by side."""

import numpy as np
import pytest
from PIL import Image

from jaxgan.config import Data
from jaxgan.data import sources


def save(path, *arrays):
  path.parent.mkdir(parents=True, exist_ok=True)
  Image.fromarray(np.concatenate(arrays, axis=1)).save(path)


def pixels(seed, height=6, width=8, channels=3):
  rng = np.random.default_rng(seed)
  return rng.integers(0, 256, (height, width, channels), np.uint8)


def load(path, name='pairs', **settings):
  folder = path.parent / 'prepared'
  return sources.load(
    Data(name=name, path=str(path), dir=str(folder), **settings)
  )


@pytest.fixture
def folders(tmp_path):
  """Three pairs of inputs and targets."""
  root = tmp_path / 'images'
  for i in range(3):
    save(root / f'input/{i}.png', pixels(i))
    save(root / f'target/{i}.bmp', pixels(10 + i))
  return root


def test_names_make_the_pairs(folders):
  data = load(folders)
  assert data.shape == (12, 8, 3)
  found = {image.tobytes() for image in data.images}
  expected = [np.concatenate([pixels(i), pixels(10 + i)]) for i in range(3)]
  assert found == {image.tobytes() for image in expected}


def test_left_and_right_are_a_pair(folders, tmp_path):
  root = tmp_path / 'both'
  for i in range(3):
    save(root / f'{i}.png', pixels(i), pixels(10 + i))
  both = load(root, 'side_by_side')
  np.testing.assert_array_equal(
    sorted(x.tobytes() for x in both.images),
    sorted(x.tobytes() for x in load(folders).images),
  )


def test_each_image_is_cropped_and_resized(folders):
  data = load(folders, image_size=4)
  assert data.shape == (8, 4, 3)
  image = Image.fromarray(pixels(0)).resize(
    (4, 4), Image.Resampling.BICUBIC, box=(1, 0, 7, 6)
  )
  assert any(np.array_equal(x[:4], np.asarray(image)) for x in data.images)
  assert sources.facts(
    Data(
      name='pairs',
      path=str(folders),
      dir=str(folders.parent / 'prepared'),
      image_size=4,
    )
  )[:2] == ((8, 4, 3), 0)


def test_an_input_gets_the_channels_of_its_target(folders):
  Image.fromarray(pixels(0)[..., 0]).save(folders / 'input/0.png')
  assert load(folders).shape == (12, 8, 3)


@pytest.mark.parametrize(
  ('change', 'sentence'),
  [
    (
      lambda root: save(root / 'target/x.png', pixels(0)),
      r'1 images of .*target have no partner in .*input, such as x\.png',
    ),
    (
      lambda root: (root / 'input/1.png').unlink(),
      r'no partner in .*input, such as 1\.bmp',
    ),
    (
      lambda root: save(root / 'input/1.png', pixels(0, 5)),
      r'are 5 x 8 and 6 x 8 \(height x width\); the images of a pair must',
    ),
    (
      lambda root: [
        save(root / f'{side}/1.png', pixels(0, 7, 8))
        or (root / 'target/1.bmp').unlink(missing_ok=True)
        for side in ('input', 'target')
      ],
      'is 7 x 8 .* the first pair is 6 x 8; with data.image_size 0 all',
    ),
    (
      lambda root: (root / 'input/1.png').write_bytes(b'no image'),
      r'1\.png is not a complete image file .*; repair or remove it',
    ),
    (
      lambda root: save(root / 'input/1.bmp', pixels(0)),
      'has the name of another image but for its ending',
    ),
    (
      lambda root: [f.unlink() for f in (root / 'target').iterdir()],
      'target holds no image; data.name is pairs, so it must be a folder with',
    ),
  ],
)
def test_what_is_no_pair_gets_a_sentence(folders, change, sentence):
  change(folders)
  with pytest.raises((ValueError, FileNotFoundError), match=sentence):
    load(folders)


def test_an_odd_picture_has_no_halves(tmp_path):
  save(tmp_path / 'both/a.png', pixels(0, 6, 7))
  with pytest.raises(ValueError, match='is 7 pixels wide; a picture of two'):
    load(tmp_path / 'both', 'side_by_side')


def test_unpaired_images_are_all_there(tmp_path):
  root = tmp_path / 'images'
  for i in range(5):
    save(root / f'input/{i}.png', pixels(i))
  for i in range(2):
    save(root / f'target/{i}.png', pixels(10 + i, 9, 9))
  data = load(root, 'unpaired', image_size=6)
  assert data.shape == (12, 6, 3)
  assert len(np.unique(data.images[:, :6], axis=0)) == len(data.images) == 5
  assert len(np.unique(data.images[:, 6:], axis=0)) == 2
