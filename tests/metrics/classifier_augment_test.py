"""Random changes of the images of a classifier."""

import jax
import jax.numpy as jnp
import numpy as np

from jaxgan.metrics import classifier_augment

KEY = jax.random.key(0)


def ramp(num, height, width):
  """[num, H, W, 2]: each pixel holds its row and its column."""
  rows, columns = np.mgrid[:height, :width].astype(np.float32)
  return jnp.broadcast_to(
    np.stack([rows, columns], -1), (num, height, width, 2)
  )


def test_a_shift_of_digits_is_one_of_nine():
  image = np.full((4, 5, 1), -1, np.float32)
  image[1:3, 1:4] = np.arange(6).reshape(2, 3, 1)
  moved = classifier_augment.digits(KEY, jnp.stack([image] * 300))
  shifted = {each.tobytes() for each in np.asarray(moved)}
  steps = [(y, x) for y in (-1, 0, 1) for x in (-1, 0, 1)]
  # The pixels at the border are black, so np.roll equals the shift.
  assert shifted == {np.roll(image, step, (0, 1)).tobytes() for step in steps}


def test_digits_move_by_a_pixel_and_are_padded_with_black():
  image = jnp.ones((200, 3, 3, 1))
  moved = np.asarray(classifier_augment.digits(KEY, image))
  assert set(moved.ravel()) == {-1.0, 1.0}
  kept = (moved == 1).sum((1, 2, 3))
  assert set(kept) == {4, 6, 9}  # By a corner, by a side, not at all.


def test_photographs_are_cropped_inside_themselves():
  """The change of a ramp is read from its pixels: scale, corner, mirror."""
  images = ramp(300, 12, 10)
  out = np.asarray(classifier_augment.crop(jax.random.split(KEY, 3), images))
  assert out[..., 0].min() >= 0
  assert out[..., 0].max() <= 11
  assert out[..., 1].max() <= 9
  rows = out[:, 6, 5, 0] - out[:, 5, 5, 0]
  columns = out[:, 6, 5, 1] - out[:, 6, 4, 1]
  np.testing.assert_allclose(rows, abs(columns), atol=1e-5)  # One scale.
  assert 0.6 <= rows.min() < 0.62
  assert 0.98 < rows.max() <= 1
  assert 0.4 < (columns < 0).mean() < 0.6  # Mirrored.
  # Corners reach both ends of what their scale leaves.
  small = rows < 0.7
  first = out[small, 1, 5, 0] - rows[small]
  assert first.min() < 0.5
  assert first.max() > 2.0


def test_a_gray_photograph_stays_gray():
  gray = jnp.full((500, 4, 4, 3), -0.25)
  out = np.asarray(classifier_augment.photographs(KEY, gray))
  assert np.ptp(out, axis=(1, 2, 3)).max() < 1e-6
  level = out[:, 0, 0, 0]  # Only the brightness changes a plain image.
  assert -0.45 <= level.min() < -0.44
  assert -0.06 < level.max() <= -0.05


def test_saturation_and_contrast_change_by_two_fifths_at_most():
  """Half of each image is red, and half is black."""
  images = np.full((500, 2, 2, 3), -1.0, np.float32)
  images[:, 0, :, 0] = 1.0
  out = np.asarray(classifier_augment.recolor(KEY, images))
  saturation = (out[:, 0, 0, 0] - out[:, 0, 0, 1]) / 2  # Times contrast.
  gray = out.mean(-1)
  contrast = (gray[:, 0, 0] - gray[:, 1, 0]) / (2 / 3)
  for factor in (contrast, saturation / contrast):
    assert 0.6 <= factor.min() < 0.61
    assert 1.39 < factor.max() <= 1.4


def test_blends_are_of_pairs():
  images = jnp.arange(8.0).reshape(8, 1, 1, 1) * jnp.ones((8, 2, 3, 1))
  blends, share, order = classifier_augment.blend(KEY, images)
  assert sorted(order.tolist()) == list(range(8))
  expected = share * np.arange(8) + (1 - share) * order
  np.testing.assert_allclose(blends[:, 1, 2, 0], expected, rtol=1e-6)
  assert blends.shape == images.shape
  assert ((share >= 0) & (share <= 1)).all()
  assert not (order == jnp.arange(8)).all()
