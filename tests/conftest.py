"""The strict switches, set before jax is imported."""

import os
import pathlib
import tempfile

# Eight virtual devices for the tests of sharding; the others use the first.
os.environ['XLA_FLAGS'] = (
  os.environ.get('XLA_FLAGS', '') + ' --xla_force_host_platform_device_count=8'
)
os.environ.setdefault('JAX_PLATFORMS', 'cpu')
# No test reads or writes the user's data sets.
os.environ['TFDS_DATA_DIR'] = tempfile.mkdtemp(prefix='jaxgan_tests_')

import jax
import pytest

jax.config.update('jax_numpy_rank_promotion', 'raise')


@pytest.fixture(scope='session')
def root():
  """The checkout."""
  return pathlib.Path(__file__).parents[1]


@pytest.fixture
def real_mnist():
  """The folder of MNIST's four idx files, where there is one."""
  data = os.environ.get('JAXGAN_TEST_DATA')
  if not data:
    pytest.skip('JAXGAN_TEST_DATA names no folder with mnist/ in it')
  return pathlib.Path(data) / 'mnist'
