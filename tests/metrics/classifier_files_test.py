"""Digit classifier files: round trip, damaged files, changed weights."""

import json

import chex
import jax
import numpy as np
import pytest

from jaxgan.metrics import classifier_files, classifier_net

DIGITS = (8, 8, 1)
MNIST = (28, 28, 1)


def classifier(seed=0):
  """An untrained classifier."""
  record = {'data': 'noise', 'shape': list(DIGITS), 'accuracy': 0.125}
  return classifier_net.make(
    classifier_net.init(DIGITS, jax.random.key(seed)), record
  )


def images(num):
  rng = np.random.default_rng(0)
  return rng.integers(0, 256, (num, *DIGITS)).astype(np.uint8)


def arrays_of(path):
  with np.load(path) as archive:
    return dict(archive)


@pytest.fixture
def saved(tmp_path):
  classifier_files.save(tmp_path / 'net.npz', classifier())
  return tmp_path / 'net.npz'


def test_a_file_gives_back_what_was_saved(saved):
  net, result = classifier(), classifier_files.load(saved)
  assert result[:5] == net[:5]
  assert result.digest == result.record['sha256'] == classifier_net.sha256(
    net.params, DIGITS
  )  # fmt: skip
  assert json.loads(json.dumps(result.record)) == result.record
  chex.assert_trees_all_equal(result.params, net.params)
  batch = images(4)
  chex.assert_trees_all_equal(result.predict(batch), net.predict(batch))


def test_the_digest_tells_weights_and_shapes_apart():
  params = classifier().params
  digests = {
    classifier_net.sha256(params, DIGITS),
    classifier_net.sha256(params, (8, 7, 1)),
    classifier_net.sha256(params, DIGITS, 3),
    classifier_net.sha256(jax.tree.map(lambda x: -x, params), DIGITS),
    classifier_net.sha256({**params, 'Dense_0': params['Dense_1']}, DIGITS),
  }
  assert len(digests) == 5


def test_only_the_same_bytes_may_be_saved_again(saved):
  before = saved.read_bytes()
  classifier_files.save(saved, classifier_files.load(saved))
  with pytest.raises(ValueError, match='exists and holds other data'):
    classifier_files.save(saved, classifier(seed=1))
  assert saved.read_bytes() == before
  assert [file.name for file in saved.parent.iterdir()] == ['net.npz']


def cut_short(file):
  file.write_bytes(file.read_bytes()[:-1000])


def empty(file):
  file.write_bytes(b'')


def text(file):
  file.write_text('weights')


def one_bit(file):
  data = bytearray(file.read_bytes())
  data[len(data) // 2] ^= 1
  file.write_bytes(data)


def one_array(file):
  with file.open('wb') as out:
    np.save(out, np.zeros(3))


def other_arrays(file):
  np.savez(file, images=np.zeros(3))


def pickled(file):
  np.savez(file, **{**arrays_of(file), 'record': np.array({'data': 'x'})})


def a_weight_less(file):
  kept = arrays_of(file)
  del kept['Conv_1/bias']
  np.savez(file, **kept)


def a_weight_more(file):
  np.savez(file, **arrays_of(file), more=np.zeros(3, np.float32))


def half_precision(file):
  kept = arrays_of(file)
  kept['Conv_1/bias'] = kept['Conv_1/bias'].astype(np.float16)
  np.savez(file, **kept)


def with_record(file, change):
  kept = arrays_of(file)
  record = json.loads(str(kept.pop('record')))
  np.savez(file, record=np.array(change(record)), **kept)


def no_json(file):
  with_record(file, lambda record: 'mnist, 99 %')


def a_list(file):
  with_record(file, lambda record: '[1, 2]')


def no_digest(file):
  del_digest = lambda r: {k: v for k, v in r.items() if k != 'sha256'}
  with_record(file, lambda record: json.dumps(del_digest(record)))


def no_number(file):
  with_record(file, lambda record: json.dumps({**record, 'accuracy': 'high'}))


def another_shape(file):
  with_record(file, lambda record: json.dumps({**record, 'shape': MNIST}))


def an_odd_shape(file):
  with_record(file, lambda record: json.dumps({**record, 'shape': [8, 'x']}))


@pytest.mark.parametrize(
  'damage',
  [
    cut_short, empty, text, one_bit, one_array, other_arrays, pickled,
    a_weight_less, a_weight_more, half_precision, no_json, a_list, no_digest,
    no_number, another_shape, an_odd_shape,
  ],
)  # fmt: skip
def test_a_damaged_or_foreign_file(saved, damage):
  damage(saved)
  with pytest.raises(ValueError, match='damaged or of another kind') as caught:
    classifier_files.load(saved)
  assert str(caught.value).startswith(str(saved))
  assert '\n' not in str(caught.value)


def test_changed_weights_are_rejected(saved):
  kept = arrays_of(saved)
  kept['Dense_1/bias'][3] += 1e-3
  np.savez(saved, **kept)
  with pytest.raises(ValueError, match='weights were changed or damaged'):
    classifier_files.load(saved)


def test_a_missing_or_unreadable_file_is_rejected(tmp_path):
  with pytest.raises(
    FileNotFoundError, match=r'x\.npz does not exist; it must'
  ):
    classifier_files.load(tmp_path / 'x.npz')
  with pytest.raises(ValueError, match='cannot be read'):
    classifier_files.load(tmp_path)


def test_the_classifier_of_the_documented_numbers_is_kept(root):
  kept = classifier_files.load(root / 'docs/results/flowers64.npz')
  text = (root / 'docs/photographs.md').read_text()
  assert f'SHA-256 {kept.digest[:8]}...' in text
  assert f'{kept.accuracy:.1%}'.replace('%', ' %') in text
