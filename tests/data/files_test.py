"""MNIST, CIFAR-10 and CelebA from their original files, valid and damaged."""

import gzip
import hashlib
import io
import itertools

import numpy as np
import pytest
from data_testing import (
  check,
  fails,
  pack_cifar,
  write_attributes,
  write_celeba,
  write_cifar,
  write_mnist,
)
from PIL import Image

from jaxgan.config import Data
from jaxgan.data.builders import celeba, cifar, idx, stacked

# Idx files.


@pytest.mark.parametrize('compress', [True, False])
@pytest.mark.parametrize('name', ['mnist', 'fashion_mnist'])
def test_idx_files_keep_every_pixel(tmp_path, compress, name):
  expected = write_mnist(tmp_path, compress=compress)
  recipe = idx.recipe(Data(name=name, path=str(tmp_path)))
  assert (recipe.name, recipe.shape, recipe.num_classes) == (
    name,
    (28, 28, 1),
    10,
  )
  check(recipe, expected)


def test_stacked_mnist_is_three_digits_and_their_number(tmp_path):
  digits = write_mnist(tmp_path)
  config = Data(name='stacked_mnist', path=str(tmp_path))
  recipe = stacked.recipe(config)
  assert (recipe.shape, recipe.num_classes) == ((28, 28, 3), 1000)
  images, labels = digits['test']
  examples = itertools.islice(recipe.splits['test'](), 200)
  number = {image.tobytes(): i for i, image in enumerate(images)}
  seen = set()
  for data, label in examples:
    image = np.asarray(Image.open(io.BytesIO(data)))
    three = [number[image[..., [c]].tobytes()] for c in range(3)]
    a, b, c = labels[three].tolist()
    assert label == 100 * a + 10 * b + c
    seen.add(tuple(three))
  assert len(seen) > 50  # Of 216: the channels are drawn independently.


def test_stacked_mnist_is_always_the_same():
  images = np.arange(5 * 4, dtype=np.uint8).reshape(5, 2, 2)
  labels = np.arange(5, dtype=np.uint8)
  first, again = (list(stacked.draw(images, labels, 9, 0)) for _ in range(2))
  np.testing.assert_array_equal(first[8][0], again[8][0])
  assert [label for _, label in first] == [label for _, label in again]
  assert first[0][0].shape == (2, 2, 3)
  other = [label for _, label in stacked.draw(images, labels, 9, 1)]
  assert other != [label for _, label in first]


@pytest.mark.slow
def test_real_mnist_has_the_known_checksum(real_mnist):
  file = real_mnist / 'train-images-idx3-ubyte.gz'
  array = idx.read_idx(file, 3)
  assert array.shape == (60_000, 28, 28)
  data = gzip.decompress(file.read_bytes())
  assert hashlib.md5(data).hexdigest() == '6bbc9ace898e44ae57da46a324031adb'
  np.testing.assert_array_equal(
    array.ravel(), np.frombuffer(data, np.uint8, offset=16)
  )


def mnist(tmp_path, **options):
  write_mnist(tmp_path, compress=False, **options)
  return Data(name='mnist', path=str(tmp_path))


def test_idx_without_its_folder(tmp_path):
  config = Data(name='mnist', path=str(tmp_path / 'none'))
  fails(FileNotFoundError, idx.recipe, config, 'data.path', 'none', 'idx')


def test_idx_with_a_file_missing(tmp_path):
  config = mnist(tmp_path)
  (tmp_path / 't10k-labels-idx1-ubyte').unlink()
  fails(FileNotFoundError, idx.recipe, config, 't10k-labels-idx1-ubyte.gz')


def test_idx_with_a_wrong_magic_number(tmp_path):
  config = mnist(tmp_path)
  labels = (tmp_path / 'train-labels-idx1-ubyte').read_bytes()
  (tmp_path / 'train-images-idx3-ubyte').write_bytes(labels)
  fails(ValueError, idx.recipe, config, 'images-idx3', '2049', '2051')


def test_truncated_idx(tmp_path):
  config = mnist(tmp_path)
  file = tmp_path / 't10k-images-idx3-ubyte'
  file.write_bytes(file.read_bytes()[:-1])
  words = ('6 x 28 x 28', str(6 * 784 - 1))
  fails(ValueError, idx.recipe, config, *words, split='test')


def test_truncated_gzip(tmp_path):
  write_mnist(tmp_path)
  file = tmp_path / 'train-images-idx3-ubyte.gz'
  file.write_bytes(file.read_bytes()[:-20])
  config = Data(name='mnist', path=str(tmp_path))
  fails(ValueError, idx.recipe, config, 'train-images', 'gzip')


@pytest.mark.parametrize(
  ('labels', 'words'),
  [
    ([1] * 19, ('20 images', '19 labels')),
    ([1] * 19 + [10], ('label 10', '0 to 9')),
  ],
)
def test_idx_with_wrong_labels(tmp_path, labels, words):
  config = mnist(tmp_path)
  header = bytes([0, 0, 8, 1]) + len(labels).to_bytes(4, 'big')
  (tmp_path / 'train-labels-idx1-ubyte').write_bytes(header + bytes(labels))
  fails(ValueError, idx.recipe, config, *words)


def test_idx_of_another_size(tmp_path):
  config = mnist(tmp_path)
  header = bytes([0, 0, 8, 3]) + b''.join(
    n.to_bytes(4, 'big') for n in (20, 14, 56)
  )
  file = tmp_path / 'train-images-idx3-ubyte'
  file.write_bytes(header + file.read_bytes()[16:])
  fails(ValueError, idx.recipe, config, '14 x 56', '28 x 28')


# CIFAR-10.


@pytest.mark.parametrize(
  'location', ['parent', 'folder', 'archive', 'archive_parent']
)
def test_cifar_keeps_every_pixel(tmp_path, location):
  expected = write_cifar(tmp_path)
  path = tmp_path if location == 'parent' else tmp_path / 'cifar-10-batches-bin'
  if location in ('archive', 'archive_parent'):
    path = pack_cifar(tmp_path)
    path = path if location == 'archive' else tmp_path
  check(cifar.recipe(Data(name='cifar10', path=str(path))), expected)


@pytest.mark.parametrize(
  'name', ['cifar-10-python.tar.gz', 'cifar-10-batches-py/data_batch_1']
)
def test_cifar_pickles_are_refused(tmp_path, name):
  (tmp_path / name).parent.mkdir(exist_ok=True)
  (tmp_path / name).write_bytes(b'any')
  for path in (tmp_path, tmp_path / name.split('/')[0]):
    config = Data(name='cifar10', path=str(path))
    words = ('Python version', 'cifar-10-binary.tar.gz')
    fails(ValueError, cifar.recipe, config, *words)


def test_cifar_damaged_or_missing(tmp_path):
  config = Data(name='cifar10', path=str(tmp_path))
  fails(FileNotFoundError, cifar.recipe, config, 'no CIFAR-10')
  write_cifar(tmp_path)
  batch = tmp_path / 'cifar-10-batches-bin' / 'data_batch_1.bin'
  content = batch.read_bytes()
  batch.write_bytes(content[:-1])
  fails(ValueError, cifar.recipe, config, 'data_batch_1.bin', '6145', '3073')
  batch.write_bytes(b'\x0b' + content[1:])
  fails(ValueError, cifar.recipe, config, 'label 11', '0 to 9')
  batch.unlink()
  fails(FileNotFoundError, cifar.recipe, config, 'data_batch_1.bin is missing')


def test_cifar_archive_truncated_or_incomplete(tmp_path):
  write_cifar(tmp_path)
  (tmp_path / 'cifar-10-batches-bin' / 'test_batch.bin').unlink()
  archive = pack_cifar(tmp_path)
  config = Data(name='cifar10', path=str(tmp_path))
  fails(ValueError, cifar.recipe, config, 'test_batch.bin', split='test')
  archive.write_bytes(archive.read_bytes()[:-5000])
  fails(ValueError, cifar.recipe, config, 'not a complete tar file')


# CelebA.


@pytest.mark.parametrize('layout', ['folder', 'nested', 'zip'])
def test_celeba_follows_the_partition(tmp_path, layout):
  expected = write_celeba(tmp_path, zipped=layout == 'zip')
  if layout == 'nested':
    outer = tmp_path / 'img_align_celeba'
    outer.rename(tmp_path / 'inner')
    outer.mkdir()
    (tmp_path / 'inner').rename(outer / 'img_align_celeba')
  recipe = celeba.recipe(Data(name='celeba', path=str(tmp_path)))
  assert (recipe.shape, recipe.num_classes) == ((218, 178, 3), 0)
  zeros = np.zeros(3, int)
  names = ('train', 'validation', 'test')
  check(recipe, {name: (expected[i::3], zeros) for i, name in enumerate(names)})


def test_celeba_damaged_or_missing(tmp_path):
  config = Data(name='celeba', path=str(tmp_path))
  needs = 'img_align_celeba.zip'
  fails(FileNotFoundError, celeba.recipe, config, 'list_eval_part', needs)
  write_celeba(tmp_path, num=3)
  (tmp_path / 'img_align_celeba' / '000001.jpg').unlink()
  fails(FileNotFoundError, celeba.recipe, config, 'no 000001.jpg')
  partition = tmp_path / 'list_eval_partition.txt'
  partition.write_text('000001.jpg 0\n000002.jpg 7\n')
  fails(ValueError, celeba.recipe, config, 'Line 2', '0, 1 or 2')
  partition.write_text('\n')
  fails(ValueError, celeba.recipe, config, 'is empty')
  (tmp_path / 'img_align_celeba').rename(tmp_path / 'other')
  fails(FileNotFoundError, celeba.recipe, config, 'neither', needs)


def test_celeba_archive_without_a_listed_file(tmp_path):
  write_celeba(tmp_path, num=3, zipped=True)
  (tmp_path / 'list_eval_partition.txt').write_text('000009.jpg 0')
  config = Data(name='celeba', path=str(tmp_path))
  fails(FileNotFoundError, celeba.recipe, config, 'holds no 000009.jpg')


def test_truncated_celeba_archive(tmp_path):
  write_celeba(tmp_path, num=3, zipped=True)
  archive = tmp_path / 'img_align_celeba.zip'
  archive.write_bytes(archive.read_bytes()[:-100])
  config = Data(name='celeba', path=str(tmp_path))
  fails(ValueError, celeba.recipe, config, 'not a complete zip file')


NAMES = ('Young', 'Male', 'Smiling')
SIGNS = [
  (-1, -1, -1),
  (1, -1, 1),
  (1, 1, -1),
  (-1, 1, 1),
  (1, -1, -1),
  (1, 1, 1),
]


@pytest.mark.parametrize(
  ('requested', 'labels'),
  [
    (('Smiling',), [0, 1, 0, 1, 0, 1]),
    (('Male', 'Smiling'), [0, 1, 2, 3, 0, 3]),
    (('Smiling', 'Male', 'Young'), [0, 5, 3, 6, 1, 7]),
  ],
)
@pytest.mark.parametrize('zipped', [False, True])
def test_the_attributes_of_a_face_are_the_bits_of_its_label(
  tmp_path, zipped, requested, labels
):
  expected = write_celeba(tmp_path, num=6, zipped=zipped)
  write_attributes(tmp_path, NAMES, SIGNS)
  config = Data(name='celeba', path=str(tmp_path), attributes=requested)
  recipe = celeba.recipe(config)
  assert recipe.num_classes == 2 ** len(requested)
  expected = {
    split: (expected[i::3], np.array(labels[i::3]))
    for i, split in enumerate(('train', 'validation', 'test'))
  }
  check(recipe, expected)


def test_other_attributes_make_another_version(tmp_path):
  write_celeba(tmp_path, num=3)
  write_attributes(tmp_path, NAMES, SIGNS)
  versions = {
    celeba.recipe(
      Data(name='celeba', path=str(tmp_path), attributes=requested)
    ).version
    for requested in ((), ('Male',), ('Young',), ('Male', 'Young'))
  }
  assert len(versions) == 4


def test_attributes_damaged_or_missing(tmp_path):
  write_celeba(tmp_path, num=3)
  config = Data(name='celeba', path=str(tmp_path), attributes=('Male',))
  words = ('Male', 'holds no list_attr_celeba.txt', 'list_eval_partition.txt')
  fails(FileNotFoundError, celeba.recipe, config, *words)
  file = tmp_path / 'list_attr_celeba.txt'
  write_attributes(tmp_path, NAMES, SIGNS[:3])
  content = file.read_text()
  other = Data(name='celeba', path=str(tmp_path), attributes=('Male', 'Hat'))
  fails(ValueError, celeba.recipe, other, "'Hat'", 'Male, Smiling, Young')
  file.write_text('image_id,Male\n000001.jpg,1\n')
  fails(ValueError, celeba.recipe, config, 'image_id', 'the number of faces')
  for bad in ('000002.jpg  1 -1', '000002.jpg  1  0  1', '000002.jpg 1 1 1 1'):
    file.write_text(content.replace('000002.jpg  1 -1  1', bad))
    words = ('Line 4 of', bad, '1 or -1 for each of 3 attributes')
    fails(ValueError, celeba.recipe, config, *words)
  file.write_text(content.replace('000001', '000007'))
  words = ('list_attr_celeba.txt holds no 000001.jpg', 'the same copy')
  fails(FileNotFoundError, celeba.recipe, config, *words)
