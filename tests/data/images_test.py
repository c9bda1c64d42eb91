"""Decoding, channels, center crop and resizing of single images."""

import io

import numpy as np
import pytest
from data_testing import random_images
from PIL import Image

from jaxgan.data import images
from jaxgan.data.threads import Budget


def encode(image, kind='PNG', **options):
  buffer = io.BytesIO()
  image.save(buffer, kind, **options)
  return buffer.getvalue()


@pytest.mark.parametrize('channels', [1, 2, 3, 4])
def test_png_keeps_every_pixel(channels):
  pixels = random_images(1, 5, 7, channels)[0]
  image = images.open_image(images.png(pixels))
  assert images.shape_of(image) == (5, 7, channels)
  np.testing.assert_array_equal(images.fit(image, 5, 7, channels), pixels)


@pytest.mark.parametrize(
  ('mode', 'kind', 'becomes'),
  [('1', 'PNG', 'L'), ('CMYK', 'JPEG', 'RGB'), ('P', 'PNG', 'RGB')],
)
def test_other_modes_become_one_of_four(mode, kind, becomes):
  data = encode(Image.new('RGB', (4, 4), (250, 10, 10)).convert(mode), kind)
  assert images.open_image(data).mode == becomes


def test_palette_with_transparency_becomes_rgba():
  image = Image.new('P', (2, 1))
  image.putpalette([255, 0, 0, 0, 0, 255])
  image.putpixel((1, 0), 1)
  data = encode(image, transparency=bytes([0, 255]))
  opened = images.open_image(data)
  assert opened.mode == 'RGBA'
  assert opened.getpixel((0, 0))[3] == 0
  assert opened.getpixel((1, 0)) == (0, 0, 255, 255)


def test_an_animation_gives_its_first_frame():
  frames = [Image.new('L', (3, 3), value) for value in (0, 255)]
  data = encode(frames[0], 'GIF', save_all=True, append_images=frames[1:])
  pixels = images.fit(images.open_image(data), 3, 3, 1)
  np.testing.assert_array_equal(pixels, np.zeros((3, 3, 1), np.uint8))


def test_exif_rotation_is_applied():
  exif = Image.Exif()
  exif[0x0112] = 6  # The camera was held upright.
  data = encode(Image.new('RGB', (8, 4)), 'JPEG', exif=exif)
  assert images.shape_of(images.open_image(data)) == (8, 4, 3)


@pytest.mark.parametrize('cut', [0, 20, 60])
def test_a_broken_file_is_refused(cut):
  data = images.png(random_images(1, 9, 9, 3)[0])[:cut]
  with pytest.raises(ValueError, match='is not a complete image file'):
    images.open_image(data)


def test_images_that_are_open_at_once_share_memory(monkeypatch):
  monkeypatch.setattr(images, '_DECODED', budget := Budget(10**6))
  data = images.png(random_images(1, 30, 20, 3)[0])
  with images.opened(data), images.opened(data):
    assert budget._used == 2 * 30 * 20 * 4
  with pytest.raises(ValueError, match='complete'), images.opened(data[:99]):
    pass
  assert not budget._used


def test_values_of_16_bits_are_refused_rather_than_clipped():
  data = encode(Image.fromarray(np.full((3, 3), 40_000, np.uint16)))
  with pytest.raises(ValueError, match='more than 8 bits'):
    images.open_image(data)


@pytest.mark.parametrize(
  ('size', 'box'),
  [((12, 4), (4, 0, 8, 4)), ((4, 12), (0, 4, 4, 8)), ((7, 4), (1, 0, 5, 4))],
)
def test_crop_takes_the_center_of_the_longer_side(size, box):
  pixels = random_images(1, size[1], size[0], 3)[0]
  image = images.from_array(pixels)
  expected = np.asarray(image.crop(box))
  np.testing.assert_array_equal(images.fit(image, 4, 4, 3), expected)


def test_crop_has_the_aspect_ratio_of_the_target():
  pixels = random_images(1, 10, 10, 1)[0]
  fitted = images.fit(images.from_array(pixels), 5, 10, 1)
  np.testing.assert_array_equal(fitted, pixels[2:7])


def test_shrinking_does_not_alias():
  stripes = np.tile(np.array([0, 255], np.uint8), (64, 32))[..., None]
  small = images.fit(images.from_array(stripes), 8, 8, 1).astype(int)
  assert np.abs(small - 127).max() <= 12


@pytest.mark.parametrize('channels', [1, 2, 3, 4])
def test_any_number_of_channels_converts_to_any_other(channels):
  gray = np.full((3, 3, 1), 77, np.uint8)
  fitted = images.fit(images.from_array(gray), 3, 3, channels)
  expected = {1: [77], 2: [77, 255], 3: [77] * 3, 4: [77] * 3 + [255]}
  np.testing.assert_array_equal(fitted[1, 1], expected[channels])
