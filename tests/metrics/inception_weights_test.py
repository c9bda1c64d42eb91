"""Conversion of PyTorch weights to .npz, reading them, and rejected files."""

import hashlib
import pathlib
import pickle
import subprocess
import sys
import zipfile

import chex
import inception_random
import numpy as np
import pytest
import small

from jaxgan.metrics import inception_weights

ROOT = pathlib.Path(__file__).parents[2]
PUBLIC = inception_weights.PUBLIC_SHA256
HASH = 'ab' * 32
KERNEL = 'params/Mixed_7b/branch3x3_2a/conv/kernel'

# A stand-in for torch that reads an .npz, so that the full command runs.
STAND_IN = """
import numpy
class Tensor(numpy.ndarray):
  def numpy(self):
    return numpy.array(self)
def load(path, map_location, weights_only):
  assert weights_only
  with open(path, 'rb') as file, numpy.load(file) as archive:
    return {name: archive[name].view(Tensor) for name in archive.files}
"""


@pytest.fixture(scope='module')
def state():
  return inception_random.state_dict()


@pytest.fixture(scope='module')
def arrays(state):
  return inception_weights.from_torch(state)


@pytest.fixture(scope='module')
def whole(arrays, tmp_path_factory):
  path = tmp_path_factory.mktemp('weights') / 'inception.npz'
  inception_weights.save(path, arrays, HASH)
  return path


def file_hash(path):
  return hashlib.sha256(path.read_bytes()).hexdigest()


def convert(source, out, *arguments, stand_in=None):
  """Runs the command with the stand-in for torch, or without torch."""
  folder = stand_in or source.parent / 'no_torch'
  folder.mkdir(exist_ok=True)
  text = STAND_IN if stand_in else "raise ImportError('no module')"
  (folder / 'torch.py').write_text(text)
  return subprocess.run(
    [
      sys.executable, '-m', 'jaxgan.convert_inception', f'--weights={source}',
      f'--out={out}', *arguments,
    ],
    cwd=ROOT, capture_output=True, text=True, check=False,
    env=small.environment(PYTHONPATH=str(folder)),
  )  # fmt: skip


@pytest.mark.slow
def test_the_command_converts_what_load_reads(state, arrays, tmp_path):
  source, out = tmp_path / 'weights.pth', tmp_path / 'new' / 'inception.npz'
  with source.open('wb') as file:
    np.savez(file, **state)
  sha256 = file_hash(source)
  done = convert(
    source, out, f'--sha256={sha256.upper()}', stand_in=tmp_path / 'stand_in'
  )
  assert (done.returncode, done.stderr) == (0, '')
  assert [p.name for p in out.parent.iterdir()] == ['inception.npz']
  variables, result = inception_weights.load(out)
  assert result == sha256
  assert set(variables) == {'params', 'batch_stats'}
  kernel = variables['params']['Mixed_7b']['branch3x3_2a']['conv']['kernel']
  theirs = state['Mixed_7b.branch3x3_2a.conv.weight']
  assert kernel.shape == (1, 3, 384, 384)
  assert kernel[0, 2, 5, 7] == theirs[7, 5, 0, 2]
  with np.load(out, allow_pickle=False) as archive:
    chex.assert_trees_all_equal(
      {name: archive[name] for name in arrays}, arrays
    )


def test_equal_weights_make_equal_files(arrays, whole, tmp_path):
  inception_weights.save(tmp_path / 'again.npz', arrays, HASH)
  assert file_hash(tmp_path / 'again.npz') == file_hash(whole)


@pytest.mark.parametrize(
  ('arguments', 'sentence'),
  [
    (
      (),
      f'not {PUBLIC}, that of the public FID weights; do',
    ),
    small.slow(
      (f'--sha256={HASH}',), f'and not {HASH}, that of --sha256; download'
    ),
    small.slow(
      ('--sha256=6726825d',), "--sha256 is '6726825d'; a SHA-256 has 64 hex"
    ),
    small.slow(('--out=x.pth',), "--out is 'x.pth'; it must end in .npz."),
    small.slow(
      (f'--sha256={hashlib.sha256(b"cut off").hexdigest()}',),
      'PyTorch is not installed, and nothing else reads its .pth files',
    ),
  ],
)
def test_the_command_refuses_with_a_sentence(tmp_path, arguments, sentence):
  source = tmp_path / 'weights.pth'
  source.write_bytes(b'cut off')
  done = convert(source, tmp_path / 'x.npz', *arguments)
  assert done.returncode == 2
  assert sentence in done.stderr
  assert done.stderr.count('\n') == 1
  assert not (tmp_path / 'x.npz').exists()


def test_a_missing_file_cannot_be_converted(tmp_path):
  with pytest.raises(ValueError, match=r'x\.pth cannot be read \(No such file'):
    inception_weights.check_source(tmp_path / 'x.pth')


def test_a_file_that_torch_cannot_read_is_rejected(tmp_path, monkeypatch):
  (tmp_path / 'torch.py').write_text(STAND_IN)
  (tmp_path / 'x.pth').write_bytes(b'no weights')
  monkeypatch.syspath_prepend(tmp_path)
  monkeypatch.delitem(sys.modules, 'torch', raising=False)
  with pytest.raises(ValueError, match=r'x\.pth cannot be converted; it must'):
    inception_weights.read_torch(tmp_path / 'x.pth')
  sys.modules.pop('torch', None)


def test_batch_counters_are_ignored(state, arrays):
  more = {**state, 'Mixed_5b.branch1x1.bn.num_batches_tracked': np.array(3)}
  chex.assert_trees_all_equal(inception_weights.from_torch(more), arrays)


@pytest.mark.parametrize(
  ('change', 'sentence'),
  [
    ({'fc.bias': None}, r'The weights lack fc\.bias; they must be'),
    (
      {'AuxLogits.fc.bias': np.zeros(1000)},
      r'have AuxLogits\.fc\.bias; they must be those of the Inception-v3',
    ),
    (
      {'fc.weight': np.zeros((1000, 2048))},
      r'params/fc/kernel is float32 of shape \[2048, 1000\]; the net needs '
      r'float32 of shape \[2048, 1008\]',
    ),
    ({'fc.weight': np.zeros((1008, 2048, 1))}, r'shape \[1008, 2048, 1\]; the'),
  ],
)
def test_weights_of_another_net_are_refused(state, change, sentence):
  changed = {k: v for k, v in {**state, **change}.items() if v is not None}
  with pytest.raises(ValueError, match=sentence):
    inception_weights.from_torch(changed)


@pytest.mark.parametrize(
  ('change', 'sentence'),
  [
    ({KERNEL: None}, f'{KERNEL} is missing; convert the weights again'),
    ({'params/x': np.zeros(1)}, 'params/x is not of this net; convert'),
    (
      {KERNEL: np.zeros((3, 1, 384, 384), np.float32)},
      rf'{KERNEL} is float32 of shape \[3, 1, 384, 384\]; the net needs '
      r'float32 of shape \[1, 3, 384, 384\]',
    ),
    ({'params/fc/bias': np.zeros(1008)}, 'params/fc/bias is float64 of shape'),
  ],
)
def test_an_npz_that_is_not_the_net_is_refused(
  arrays, tmp_path, change, sentence
):
  path = tmp_path / 'x.npz'
  changed = {k: v for k, v in {**arrays, **change}.items() if v is not None}
  inception_weights.save(path, changed, HASH)
  with pytest.raises(ValueError, match=rf'x\.npz: {sentence}'):
    inception_weights.load(path)


def test_an_npz_without_its_source_is_refused(tmp_path):
  np.savez(tmp_path / 'x.npz', a=np.zeros(3))
  with pytest.raises(ValueError, match='does not hold the SHA-256 of its'):
    inception_weights.load(tmp_path / 'x.npz')


@pytest.mark.parametrize('damage', ['cut', 'bit', 'empty', 'pickle', 'array'])
def test_a_damaged_npz_is_refused(whole, tmp_path, damage):
  path = tmp_path / 'x.npz'
  data = bytearray(whole.read_bytes())
  if damage == 'cut':
    path.write_bytes(data[: len(data) // 2])
  elif damage == 'bit':
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
  elif damage == 'empty':
    path.touch()
  elif damage == 'pickle':
    path.write_bytes(pickle.dumps({'a': 1}))
  else:
    with path.open('wb') as file:
      np.save(file, np.zeros(3))
  with pytest.raises(ValueError, match=r'x\.npz is damaged or of another kind'):
    inception_weights.load(path)


def test_a_pickle_inside_an_npz_is_not_run(tmp_path):
  path = tmp_path / 'x.npz'
  np.savez(path, a=np.array([{}], dtype=object))
  assert zipfile.is_zipfile(path)
  with pytest.raises(ValueError, match='is damaged or of another kind'):
    inception_weights.load(path)


def test_a_missing_npz_cannot_be_loaded(tmp_path):
  with pytest.raises(FileNotFoundError, match=r'x\.npz does not exist; it'):
    inception_weights.load(tmp_path / 'x.npz')
