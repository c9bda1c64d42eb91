"""Every notebook runs from its first to its last cell and is stored clean."""

import json
import pathlib
import re
import sys

import data_testing
import nbformat
import pytest
import small
import study_curves
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient

ROOT = pathlib.Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / 'colab').glob('*.ipynb'))
# Seconds instead of minutes; three devices, which do not divide a batch of 16.
SMALL = {
  'quickstart': small.environment(3, JAXGAN_COLAB_VARIANT='tiny'),
  'image_to_image': small.environment(JAXGAN_COLAB_VARIANT='tiny'),
  'method_from_scratch': small.environment(JAXGAN_COLAB_STEPS='30'),
  'results': small.environment(),
  'photographs': small.environment(JAXGAN_COLAB_VARIANT='tiny'),
  'mnist_tpu': small.environment(
    3, JAXGAN_COLAB_VARIANT='tiny', JAXGAN_COLAB_FOLDER='mnist'
  ),
}


def read(path):
  return nbformat.read(path, as_version=nbformat.NO_CONVERT)


def by_name(name):
  return read(ROOT / 'colab' / f'{name}.ipynb')


def kernel(folder):
  """Returns a kernel manager for this interpreter, not an installed one."""
  spec = folder / 'kernels' / 'jaxgan' / 'kernel.json'
  spec.parent.mkdir(parents=True)
  command = [sys.executable, '-m', 'ipykernel_launcher']
  spec.write_text(
    json.dumps(
      {
        'argv': [*command, '-f', '{connection_file}'],
        'display_name': 'jaxgan',
        'language': 'python',
      }
    )
  )
  specs = KernelSpecManager(
    kernel_dirs=[str(spec.parents[1])], ensure_native_kernel=False
  )
  return AsyncKernelManager(
    kernel_name='jaxgan',
    kernel_spec_manager=specs,
    connection_file=str(folder / 'connection.json'),
  )


def execute(name, tmp_path):
  """Executes a notebook; its files are in tmp_path / 'run'."""
  folder = tmp_path / 'run'
  folder.mkdir(exist_ok=True)
  environment = SMALL[name] | {
    'PYTHONPATH': str(ROOT),
    'IPYTHONDIR': str(tmp_path / 'ipython'),
    'MPLCONFIGDIR': str(tmp_path / 'matplotlib'),
    # A warning of tqdm without Jupyter widgets.
    'PYTHONWARNINGS': 'ignore:IProgress not found',
    'MPLBACKEND': 'module://matplotlib_inline.backend_inline',
  }
  client = NotebookClient(
    by_name(name),
    km=kernel(tmp_path),
    resources={'metadata': {'path': str(folder)}},
    timeout=120,
  )
  return client.execute(env=environment, cleanup_kc=True)


def outputs(notebook):
  return [
    output
    for cell in notebook.cells
    if cell.cell_type == 'code'
    for output in cell.outputs
  ]


def text(notebook):
  return ''.join(output.get('text', '') for output in outputs(notebook))


def num_pictures(notebook):
  return sum(
    'image/png' in output.get('data', {}) for output in outputs(notebook)
  )


def test_every_notebook_is_tested():
  assert {path.stem for path in NOTEBOOKS} == set(SMALL)


@pytest.mark.slow
def test_quickstart(tmp_path):
  notebook = execute('quickstart', tmp_path)
  assert num_pictures(notebook) == 3
  assert '18 images per batch on 3 device(s)' in text(notebook)
  assert 'Warning' not in text(notebook)
  workdir = tmp_path / 'run' / 'runs' / 'digits-tiny'
  assert len((workdir / 'metrics.jsonl').read_text().splitlines()) == 6


@pytest.mark.slow
def test_image_to_image(tmp_path):
  notebook = execute('image_to_image', tmp_path)
  assert num_pictures(notebook) == 2
  measured = re.findall(r'psnr3_pixels +(\S+) +[\d.]+\n', text(notebook))
  assert measured == ['bold-tiny', 'copy', 'mean', 'nearest']


@pytest.mark.slow
def test_photographs(tmp_path):
  notebook = execute('photographs', tmp_path)
  assert '300 photographs in photographs' in text(notebook)
  assert 'recall300_pixels' in text(notebook)
  assert num_pictures(notebook) == 2  # Grids and neighbors.
  assert (tmp_path / 'run' / 'runs' / 'photographs' / 'config.json').is_file()


@pytest.mark.slow
def test_mnist_on_several_devices(tmp_path):
  data_testing.write_mnist(tmp_path / 'run' / 'mnist', 80, 20)
  notebook = execute('mnist_tpu', tmp_path)
  assert '18 images per batch, 6 on each of 3 device(s)' in text(notebook)
  assert '(2, 6, 28, 28, 1)' in text(notebook)
  assert 'swd60_pixels' in text(notebook)
  assert num_pictures(notebook) == 1


@pytest.mark.slow
def test_method_from_scratch_equals_the_library(tmp_path):
  notebook = execute('method_from_scratch', tmp_path)
  assert num_pictures(notebook) == 2
  assert text(notebook) == '1 device(s): cpu\n'


@pytest.mark.slow
def test_results_are_redrawn(tmp_path):
  notebook = execute('results', tmp_path)
  assert 'iterative' in text(notebook)
  stored = ROOT / 'docs' / 'results'
  pictures = list(stored.glob('*/*.png'))
  assert num_pictures(notebook) == len(pictures)
  # Pictures' bytes depend on matplotlib's version.
  for file in {*stored.glob('*/*')} - {*pictures}:
    redrawn = tmp_path / 'run' / 'results' / file.relative_to(stored)
    texts = redrawn.read_text(), file.read_text()
    if file.suffix == '.json':
      assert study_curves.same_summary(*texts), file
    else:
      assert texts[0] == texts[1], file


def test_method_from_scratch_is_short():
  cells = by_name('method_from_scratch').cells
  other = 'REPOSITORY', 'colab-badge'
  method = [c for c in cells if not any(word in c.source for word in other)]
  assert len(method) == len(cells) - 2  # All but badge and installation.
  assert sum(len(cell.source.splitlines()) for cell in method) < 150


@pytest.mark.parametrize('path', NOTEBOOKS, ids=lambda path: path.stem)
def test_notebooks_are_kept_without_traces(path):
  notebook = read(path)
  nbformat.validate(notebook)
  assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)
  assert notebook.metadata == {
    'kernelspec': {
      'display_name': 'Python 3', 'language': 'python', 'name': 'python3'
    },
    'language_info': {'name': 'python'},
  }  # fmt: skip
  assert outputs(notebook) == []
  for cell in notebook.cells:
    assert cell.metadata == {}
    assert cell.get('execution_count') is None
