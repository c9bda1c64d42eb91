"""The strict switches, set before jax is imported."""

import os
import pathlib
import shutil
import tempfile

# Eight virtual devices for the tests of sharding; the others use the first. The
# emitter of fused loops takes most of the time of a compilation.
os.environ['XLA_FLAGS'] = (
  os.environ.get('XLA_FLAGS', '')
  + ' --xla_force_host_platform_device_count=8'
  + ' --xla_cpu_use_fusion_emitters=false'
)
os.environ.setdefault('JAX_PLATFORMS', 'cpu')
# Programs compile in half the time and run slower: most tests compile for
# seconds what runs for milliseconds.
os.environ['JAX_DISABLE_MOST_OPTIMIZATIONS'] = '1'

# One folder for a test run; its workers inherit the name.
os.environ['JAXGAN_TESTS_FOLDER'] = os.environ.get(
  'JAXGAN_TESTS_FOLDER'
) or tempfile.mkdtemp(prefix='jaxgan_tests_')
# No test reads or writes the user's data sets.
os.environ['TFDS_DATA_DIR'] = tempfile.mkdtemp(
  dir=os.environ['JAXGAN_TESTS_FOLDER']
)
# Nor the user's compiled programs; each is compiled once for all workers and
# all processes that tests start.
os.environ.setdefault(
  'JAX_COMPILATION_CACHE_DIR', os.environ['JAXGAN_TESTS_FOLDER'] + '/programs'
)
os.environ.setdefault('JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS', '0')
os.environ.setdefault('JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES', '-1')

import jax
import pytest

jax.config.update('jax_numpy_rank_promotion', 'raise')


def pytest_unconfigure(config):
  """Removes the folder of the run, once its workers are gone."""
  if not hasattr(config, 'workerinput'):
    shutil.rmtree(os.environ['JAXGAN_TESTS_FOLDER'], ignore_errors=True)


@pytest.fixture(scope='session')
def root():
  """The checkout."""
  return pathlib.Path(__file__).parents[1]


@pytest.fixture(scope='module')
def optimized():
  """Programs as users have them, for a file whose programs run for seconds."""
  jax.clear_caches()
  jax.config.update('jax_disable_most_optimizations', False)
  yield
  jax.clear_caches()
  jax.config.update('jax_disable_most_optimizations', True)


@pytest.fixture
def float64():
  """Enables float64, in the way that jax 0.7 to 0.12 have in common."""
  jax.config.update('jax_enable_x64', True)
  yield
  jax.config.update('jax_enable_x64', False)


@pytest.fixture(scope='module', autouse=True)
def little_memory():
  """Drops compiled programs after a file, once the process has 768 MiB."""
  yield
  pages = pathlib.Path('/proc/self/statm')
  if not pages.exists() or int(pages.read_text().split()[1]) * 4096 > 3 * 2**28:
    jax.clear_caches()


@pytest.fixture
def real_mnist():
  """The folder of MNIST's four idx files, where there is one."""
  data = os.environ.get('JAXGAN_TEST_DATA')
  if not data:
    pytest.skip('JAXGAN_TEST_DATA names no folder with mnist/ in it')
  return pathlib.Path(data) / 'mnist'
