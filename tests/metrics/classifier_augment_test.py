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
  out = np.asarray(classifier_augment.photographs(KEY, images))
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
  gray = jnp.full((5, 8, 8, 3), -0.25)
  out = classifier_augment.photographs(KEY, gray)
  np.testing.assert_allclose(out, gray, atol=1e-6)
