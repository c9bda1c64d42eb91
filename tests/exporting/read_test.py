"""Exports on disk: the command, metadata, opening again, and refusals."""

import dataclasses
import hashlib
import json
import re
import subprocess
import sys
from importlib import util

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import small
import untrained

import jaxgan
from jaxgan.evaluation import restore
from jaxgan.exporting import stablehlo, tensors, write
from jaxgan.metrics import record
from jaxgan.storage import checkpoint


@pytest.fixture(scope='module')
def run(tmp_path_factory):
  """A conditional run of MLPs with one record, and its exports."""
  folder = tmp_path_factory.mktemp('run')
  untrained.write(folder / 'run', 'zoo/cgan:tiny')
  fields = {f.name: '' for f in dataclasses.fields(record.Record)}
  value = record.Record(**fields | {
    'metric': 'fid1k_digits', 'value': 1.5, 'error': None, 'floor': 0.25,
    'ceiling': 9.0, 'step': 0, 'weights': 'ema', 'details': None,
  })  # fmt: skip
  record.append(folder / 'run' / 'evaluation.jsonl', [value])
  for kind in 'stablehlo', 'safetensors':
    write.export_run(folder / 'run', folder / kind, kind=kind)
  return folder


@pytest.mark.parametrize('kind', ['stablehlo', 'safetensors'])
def test_an_export_gives_the_samples_of_its_run(run, kind):
  own, other = jaxgan.load_run(run / 'run'), jaxgan.load_run(run / kind)
  assert other.config == own.config
  for options in {}, {'seed': 3, 'label': 7}, {'truncation': 0.5}:
    expected, found = own.sample(5, **options), other.sample(5, **options)
    assert (found.shape, found.dtype) == (expected.shape, np.uint8)
    np.testing.assert_allclose(found, expected.astype(int), atol=1)
  with pytest.raises(ValueError, match='label is 10'):
    other.sample(1, label=10)
  with pytest.raises(ValueError, match=r'holds no critic; .* --nets=all'):
    other.network('critic')


def test_weights_of_safetensors_are_those_of_the_run(run):
  variables = tensors.load(run / 'safetensors' / 'generator.safetensors')
  generator = restore.load(run / 'run')
  assert checkpoint.digest(variables) == checkpoint.digest(generator.variables)
  z = generator.latents.draw(jax.random.key(1), 4)
  again = generator._replace(variables=variables)
  np.testing.assert_array_equal(again.generate(z), generator.generate(z))


def test_the_metadata_describe_the_export(run):
  facts = json.loads((run / 'stablehlo' / 'metadata.json').read_text())
  net = facts['nets']['generator']
  content = (run / 'stablehlo' / 'generator.stablehlo').read_bytes()
  assert net['sha256'] == hashlib.sha256(content).hexdigest()
  assert net['weights_sha256'] == checkpoint.digest(
    restore.load(run / 'run').variables
  )
  names = [(p['name'], p['dtype'], p['shape']) for p in net['inputs']]
  size = facts['latents']['size']
  assert names == [
    ('latent', 'float32', ['batch', size]), ('label', 'int32', ['batch']),
  ]  # fmt: skip
  assert net['output']['shape'] == ['batch', 8, 8, 1]
  assert facts['data']['license'] == facts['license'] == 'unknown'
  assert facts['jaxgan'] == jaxgan.__version__


def test_the_users_folders_are_not_published(run, tmp_path):
  path = '/home/someone/photos'
  changes = {'data.path': path, 'data.dir': '/home/someone/cache'}
  folder = untrained.write(tmp_path / 'run', 'zoo/cgan:tiny', **changes)
  write.export_run(folder, tmp_path / 'card.md', kind='card')
  card = (tmp_path / 'card.md').read_text()
  assert '"path": "photos"' in card
  assert 'someone' not in card


def test_the_card_has_the_records_of_the_run_alone(run):
  card = (run / 'stablehlo' / 'README.md').read_text()
  _, head, body = card.split('---\n', 2)
  assert 'license: "unknown"\n' in head
  assert '| fid1k_digits | 1.5 | - | 0.25 | 9 | ema | 0 |' in body
  assert [x for x in body.splitlines() if x.startswith('## ')] == [
    '## Model description', '## Intended use', '## Training data',
    '## Training procedure', '## Evaluation', '## Limitations',
    '## How to use',
  ]  # fmt: skip
  assert '"latent_size": ' in body
  (run / 'run' / 'evaluation.jsonl').rename(run / 'records')
  write.export_run(run / 'run', run / 'bare.md', kind='card')
  (run / 'records').rename(run / 'run' / 'evaluation.jsonl')
  assert 'No metric was recorded at step 0.' in (run / 'bare.md').read_text()


@pytest.mark.slow
def test_the_code_of_the_docs_runs(run, root, tmp_path, monkeypatch):
  """On a run without labels, as in the page; that of ONNX where it is."""
  untrained.write(tmp_path / 'run', 'digits:tiny')
  blocks = re.findall(
    r'```python\n(.*?)```', (root / 'docs/export.md').read_text(), re.DOTALL
  )
  monkeypatch.chdir(tmp_path)
  kinds = {'digits': 'stablehlo', 'digits_weights': 'safetensors'}
  if util.find_spec('onnxruntime') and util.find_spec('onnx'):
    kinds['digits_onnx'] = 'onnx'
  for name, kind in kinds.items():
    write.export_run(tmp_path / 'run', tmp_path / 'exports' / name, kind=kind)
  used = [b for b in blocks if 'onnx' not in b or 'digits_onnx' in kinds]
  assert len(used) >= 3
  images = []
  for block in used:
    names = {}
    exec(block, names)
    images.append(np.asarray(names['images']))
    assert images[-1].shape == (16, 8, 8, 1)
  own = jaxgan.load_run(tmp_path / 'run').sample(16)
  np.testing.assert_allclose(images[-1], own.astype(int), atol=1)
  np.testing.assert_array_equal(images[-2], own)


def test_nothing_is_overwritten(run):
  before = (run / 'bare_2.md', run / 'stablehlo')
  before[0].write_text('mine')
  with pytest.raises(ValueError, match=r'already exists; give a new \.md'):
    write.export_run(run / 'run', before[0], kind='card')
  with pytest.raises(ValueError, match='is not empty; give a new or empty'):
    write.export_run(run / 'run', before[1])
  with pytest.raises(ValueError, match='an export is a folder'):
    write.export_run(run / 'run', run / 'x.onnx', kind='onnx')
  assert before[0].read_text() == 'mine'


def altered(run, tmp_path, file, change, kind='stablehlo'):
  """A copy of an export with one file changed."""
  for path in (run / kind).iterdir():
    content = path.read_bytes()
    new = change(content) if path.name == file else content
    (tmp_path / path.name).write_bytes(new)
  return tmp_path


@pytest.mark.parametrize(
  ('old', 'new', 'message'),
  [
    ('"nets": {', '"nets": [{', 'is damaged'),
    ('"kind": "stablehlo"', '"kind": "pickle"', 'do not fit'),
    ('generator.stablehlo', '../x.stablehlo', 'do not fit'),
    ('"format_version": 1', '"format_version": 9', 'version 9; .* reads 1'),
    ('"name": "mlp"', '"name": "x"', r"net\.name is 'x'; it must be one of"),
    ('"step": 0', '"stop": 0', 'not that of an export'),
  ],
)
def test_damaged_metadata_are_refused(run, tmp_path, old, new, message):
  change = lambda x: x.replace(old.encode(), new.encode())
  folder = altered(run, tmp_path, 'metadata.json', change)
  if (folder / 'metadata.json').read_bytes() == (
    run / 'stablehlo' / 'metadata.json'
  ).read_bytes():
    pytest.fail('nothing was changed')
  with pytest.raises(ValueError, match=message):
    jaxgan.load_run(folder)


@pytest.mark.parametrize('kind', ['stablehlo', 'safetensors'])
def test_a_damaged_file_is_refused(run, tmp_path, kind):
  name = f'generator.{kind}'
  flip = lambda x: x[:-1] + bytes([x[-1] ^ 1])
  folder = altered(run, tmp_path, name, flip, kind)
  with pytest.raises(ValueError, match='does not match its checksum'):
    jaxgan.load_run(folder).sample(1)
  (folder / name).write_bytes(b'no program')
  load = stablehlo.load if kind == 'stablehlo' else tensors.load
  with pytest.raises(ValueError, match=r'no program|no intact safetensors'):
    load(folder / name)


def test_a_program_that_calls_python_is_refused(tmp_path):
  struct = jax.ShapeDtypeStruct((2,), np.float32)

  @jax.jit
  def calls(x):
    return jnp.asarray(jax.ffi.ffi_call('other_code', struct)(x))

  exported = jax.export.export(
    calls,
    disabled_checks=[jax.export.DisabledSafetyCheck.custom_call('other_code')],
  )(struct)
  (tmp_path / 'x.stablehlo').write_bytes(exported.serialize())
  with pytest.raises(ValueError, match='calls other_code, code outside'):
    stablehlo.load(tmp_path / 'x.stablehlo')


def test_the_command_exports_and_ends_with_sentences(run, tmp_path):
  def command(*arguments):
    return subprocess.run(
      [sys.executable, '-m', 'jaxgan.export', f'--workdir={run}/run',
       *arguments], env=small.environment(), capture_output=True, text=True,
    )  # fmt: skip

  done = command(
    f'--out={tmp_path}/out', '--nets=all', '--weights=raw', '--license=mit'
  )
  assert done.returncode == 0, done.stderr
  assert {path.name for path in (tmp_path / 'out').iterdir()} == {
    'README.md', 'critic.stablehlo', 'generator.stablehlo', 'metadata.json',
  }  # fmt: skip
  facts = json.loads((tmp_path / 'out' / 'metadata.json').read_text())
  assert (facts['weights'], facts['license']) == ('raw', 'mit')
  own = jaxgan.load_run(run / 'run').sample(3, weights='raw').astype(int)
  found = jaxgan.load_run(tmp_path / 'out').sample(3)
  np.testing.assert_allclose(found, own, atol=1)


@pytest.mark.slow
def test_a_translation_is_exported_with_an_image_as_input(tmp_path):
  shape = (16, 16, 3)
  folder = untrained.write(tmp_path / 'run', 'zoo/inpaint:tiny', shape)
  write.export_run(folder, tmp_path / 'out')
  exported = jaxgan.load_run(tmp_path / 'out')
  x = np.random.default_rng(0).uniform(-1, 1, (3, 16, 16, 4))
  x = np.where([False] * 3 + [True], x > 0, x).astype(np.float32)
  found = exported.network()({'input': x})
  generator = restore.load(folder)
  expected = generator.problem.networks.sample(
    generator.variables, x.reshape(3, -1)
  )
  np.testing.assert_allclose(found, expected, atol=1e-5)
  with pytest.raises(ValueError, match='has no latents'):
    exported.sample(1)
  with pytest.raises(ValueError, match=r'scores patches .* use --nets=gen'):
    write.export_run(folder, tmp_path / 'critic', which='critic')


@pytest.mark.slow
def test_vectors_of_a_table_have_its_units(tmp_path):
  folder = untrained.write(tmp_path / 'run', 'table:tiny', (3,))
  data = json.loads((folder / 'data.json').read_text())
  data['columns'] = {
    'names': ['a', 'b', 'c'], 'location': [5, 6, 7], 'scale': [1, 2, 3],
  }  # fmt: skip
  (folder / 'data.json').write_text(json.dumps(data))
  write.export_run(folder, tmp_path / 'out')
  own = jaxgan.load_run(folder).sample(9)
  np.testing.assert_allclose(
    jaxgan.load_run(tmp_path / 'out').sample(9), own, rtol=1e-5
  )


def test_a_missing_package_is_named(run, tmp_path, monkeypatch):
  monkeypatch.setitem(sys.modules, 'onnx', None)
  with pytest.raises(ValueError, match=r"onnx, .*pip install 'jaxgan\[onnx\]'"):
    write.export_run(run / 'run', tmp_path / 'x', kind='onnx')
  assert not (tmp_path / 'x').exists()
