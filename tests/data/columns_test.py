"""Standardization of columns, its inverse, and changes of the table."""

import numpy as np
import pytest

from jaxgan.data import columns


def test_standardized_columns_have_mean_0_and_deviation_1():
  rng = np.random.default_rng(0)
  scale, location = [1e-3, 1.0, 1e5], [4, -7, 1e6]
  values = (rng.normal(size=(500, 3)) * scale + location).astype(np.float32)
  fitted = columns.from_values(values, ())
  standardized = fitted.standardize(values)
  assert standardized.dtype == np.float32
  np.testing.assert_allclose(standardized.mean(axis=0), 0, atol=1e-4)
  np.testing.assert_allclose(standardized.std(axis=0), 1, atol=1e-4)
  np.testing.assert_allclose(
    fitted.unstandardize(standardized), values, rtol=1e-6
  )


def test_a_constant_column_is_standardized_to_0():
  # In float32 the mean of these is not 0.1, nor is their deviation 0.
  values = np.full((1000, 1), 0.1, np.float32)
  fitted = columns.from_values(values, ())
  assert fitted.scale == (1,)
  standardized = fitted.standardize(values)
  np.testing.assert_array_equal(standardized, 0)
  np.testing.assert_array_equal(fitted.unstandardize(standardized), values)


def test_convert_between_tables():
  values = np.array([[0.0], [2.0]], np.float32)
  one = columns.Columns(('a',), (10.0,), (5.0,))
  two = columns.Columns((), (0.0,), (2.0,))
  assert columns.convert(values, one, one) is values
  np.testing.assert_array_equal(
    columns.convert(values, one, None), [[10], [20]]
  )
  np.testing.assert_array_equal(columns.convert(values, one, two), [[5], [10]])
  np.testing.assert_array_equal(columns.convert(values, None, two), [[0], [1]])


@pytest.mark.parametrize('shape', [(4, 2), (4, 8, 8, 1), (4,)])
def test_another_number_of_columns_is_refused(shape):
  fitted = columns.from_values(np.eye(3, dtype=np.float32), ())
  for change in (fitted.standardize, fitted.unstandardize):
    with pytest.raises(ValueError, match='the table has 3 columns'):
      change(np.zeros(shape, np.float32))
