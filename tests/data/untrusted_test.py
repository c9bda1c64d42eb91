"""Hostile files: each row of docs/security.md is one case here."""

import gzip
import io
import os
import re
import tarfile
import threading
import zipfile
import zlib

import numpy as np
import PIL.EpsImagePlugin
import pytest
from data_testing import (
  pack_cifar,
  random_images,
  write_celeba,
  write_cifar,
  write_folder,
  write_mnist,
)
from PIL import Image

from jaxgan.config import Data
from jaxgan.data import examples, images, table_files, untrusted
from jaxgan.data.builders import celeba, cifar, folder, idx
from jaxgan.metrics import classifier_files
from jaxgan.study import results

EPS = b'%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\nshow\n'
CASES = {}


def case(row):
  """Registers a function that makes the input of a row and reads it."""
  return lambda function: CASES.setdefault(row, function)


def read_all(make, root, split='train', **settings):
  return list(make(Data(path=str(root), **settings)).splits[split]())


def encode(kind):
  buffer = io.BytesIO()
  Image.new('L', (4, 4)).save(buffer, kind)
  return buffer.getvalue()


def limit(monkeypatch, **limits):
  for name, value in limits.items():
    monkeypatch.setattr(untrusted, name, value)


# Images.


@case('EPS as image')
def _(root, monkeypatch):
  started = lambda *_, **__: pytest.fail('Ghostscript was started')
  monkeypatch.setattr(PIL.EpsImagePlugin, 'Ghostscript', started)
  (root / 'a.png').write_bytes(EPS)
  read_all(folder.recipe, root)


@case('other format')
def _(root, monkeypatch):
  (root / 'a.png').write_bytes(encode('GIF'))
  read_all(folder.recipe, root)


@case('other format in CelebA')
def _(root, monkeypatch):
  write_celeba(root)
  (root / 'img_align_celeba/000001.jpg').write_bytes(encode('GIF'))
  read_all(celeba.recipe, root)


@case('pixel bomb')
def _(root, monkeypatch):
  data = bytearray(encode('PNG'))
  data[16:24] = (10**9).to_bytes(4, 'big') + (1).to_bytes(4, 'big')
  crc = zlib.crc32(data[12:29])
  data[29:33] = crc.to_bytes(4, 'big')
  (root / 'a.png').write_bytes(data)
  read_all(folder.recipe, root)


@case('huge image file')
def _(root, monkeypatch):
  limit(monkeypatch, FILE_BYTES=1000)
  (root / 'a.png').write_bytes(encode('PNG') + bytes(1000))
  read_all(folder.recipe, root)


@case('pipe as image')
def _(root, monkeypatch):
  os.mkfifo(root / 'a.png')
  read_all(folder.recipe, root)


@case('device as image')
def _(root, monkeypatch):
  (root / 'a.png').symlink_to('/dev/zero')
  read_all(folder.recipe, root)


@case('links in a circle')
def _(root, monkeypatch):
  write_folder(root, random_images(1, 4, 4, 1), ['b/a.png'])
  (root / 'b/c').symlink_to(root)
  read_all(folder.recipe, root)


@case('links without number')
def _(root, monkeypatch):
  limit(monkeypatch, FOLDERS=10)
  (root / 'z').mkdir()
  for i in range(9):
    (root / f'{i}').mkdir()
    for name in 'ab':
      (root / f'{i}' / name).symlink_to(
        root / (f'{i + 1}' if i < 8 else 'deep')
      )
  read_all(folder.recipe, root)


# Tables and samples.


def write(root, name, content):
  (root / name).write_bytes(content)
  return root / name


@case('pipe as table')
def _(root, monkeypatch):
  os.mkfifo(root / 'x.csv')
  table_files.read(root / 'x.csv')


@case('NUL bytes in a table')
def _(root, monkeypatch):
  table_files.read(write(root, 'x.csv', b'a\n1\0\n2\n'))


@case('endless line')
def _(root, monkeypatch):
  limit(monkeypatch, LINE_CHARACTERS=1000)
  table_files.read(write(root, 'x.csv', b'a,b\n' + b'1,' * 1000))


@case('long cell')
def _(root, monkeypatch):
  table_files.read(write(root, 'x.csv', b'1\n' + b'x' * 100_000 + b'\n2\n'))


def lying_npy():
  buffer = io.BytesIO()
  header = {'descr': '<f4', 'fortran_order': False, 'shape': (10**9, 10**9)}
  np.lib.format.write_array_header_1_0(buffer, header)
  return buffer.getvalue() + bytes(16)


@case('.npy header')
def _(root, monkeypatch):
  table_files.read(write(root, 'x.npy', lying_npy()))


@case('.npz header')
def _(root, monkeypatch):
  with zipfile.ZipFile(root / 'x.npz', 'w') as archive:
    archive.writestr('images.npy', lying_npy())
  examples.load(root / 'x.npz', '--generated')


@case('pickle')
def _(root, monkeypatch):
  np.save(root / 'x.npy', np.array([[1, {}], [2, {}]], object))
  table_files.read(root / 'x.npy')


@case('.npz member bomb')
def _(root, monkeypatch):
  limit(monkeypatch, MEMBER_BYTES=10**6, EXPANSION=1)
  np.savez_compressed(root / 'x.npz', images=np.zeros((10**7, 1)))
  examples.load(root / 'x.npz', '--generated')


@case('.npz bomb')
def _(root, monkeypatch):
  limit(monkeypatch, ARCHIVE_BYTES=10**6, EXPANSION=1)
  arrays = {f'a{i}': np.zeros((10**6, 1)) for i in range(9)}
  np.savez_compressed(root / 'x.npz', **arrays)
  table_files.read(root / 'x.npz')


@case('encrypted archive')
def _(root, monkeypatch):
  np.savez(root / 'x.npz', images=np.zeros(3))
  data = bytearray((root / 'x.npz').read_bytes())
  data[data.index(b'PK\1\2') + 8] |= 1  # The flag in the central directory.
  examples.load(write(root, 'x.npz', data), '--generated')


@case('pipe as samples')
def _(root, monkeypatch):
  os.mkfifo(root / 'x.npz')
  examples.load(root / 'x.npz', '--generated')


# Known data sets.


@case('gzip bomb')
def _(root, monkeypatch):
  limit(monkeypatch, FILE_BYTES=10**6)
  write_mnist(root)
  bomb = gzip.compress(bytes(10**7))
  write(root, 'train-images-idx3-ubyte.gz', bomb)
  read_all(idx.recipe, root)


@case('idx header')
def _(root, monkeypatch):
  write_mnist(root, compress=False)
  sizes = (2**16, 2**32 - 2**16, 2**16)
  header = b''.join(n.to_bytes(4, 'big') for n in (0x803, *sizes))
  write(root, 'train-images-idx3-ubyte', header)
  read_all(idx.recipe, root)


@case('tar bomb')
def _(root, monkeypatch):
  limit(monkeypatch, FILE_BYTES=10**6)
  bomb = gzip.compress(bytes(10**7))
  write(root, 'cifar-10-binary.tar.gz', bomb)
  read_all(cifar.recipe, root)


def cifar_with(root, *members):
  """Writes a CIFAR archive with further members, given by their fields."""
  write_cifar(root)
  archive = pack_cifar(root)
  data = io.BytesIO(gzip.decompress(archive.read_bytes()))
  with tarfile.open(fileobj=data, mode='a:') as tar:
    for fields in members:
      info = tarfile.TarInfo()
      for name, value in fields.items():
        setattr(info, name, value)
      tar.addfile(info)
  archive.write_bytes(gzip.compress(data.getvalue()))


@case('links in a tar')
def _(root, monkeypatch):
  name = 'cifar-10-batches-bin/test_batch.bin'
  link = {'type': tarfile.SYMTYPE, 'linkname': 'test_batch.bin'}
  cifar_with(root, {'name': name, **link})
  read_all(cifar.recipe, root, split='test')


@case('names in a tar')
def _(root, monkeypatch):
  outside = str(root.parent / 'y')
  cifar_with(root, {'name': '../x'}, {'name': outside})
  cifar_names = sorted(root.parent.rglob('*'))
  assert len(read_all(cifar.recipe, root)) == 10
  assert sorted(root.parent.rglob('*')) == cifar_names


@case('pipe as archive')
def _(root, monkeypatch):
  os.mkfifo(root / 'cifar-10-binary.tar.gz')
  read_all(cifar.recipe, root)


@case('zip bomb')
def _(root, monkeypatch):
  limit(monkeypatch, MEMBER_BYTES=10**6, EXPANSION=0)
  write_celeba(root, num=3, zipped=True)
  path = root / 'img_align_celeba.zip'
  with zipfile.ZipFile(path, 'a', zipfile.ZIP_DEFLATED) as archive:
    archive.writestr('bomb', bytes(10**7))
  read_all(celeba.recipe, root)


@case('names in a list')
def _(root, monkeypatch):
  write_celeba(root, num=3)
  (root / 'list_eval_partition.txt').write_text('../x.jpg 0\n')
  write_folder(root, random_images(1, 218, 178, 3), ['x.jpg'])
  read_all(celeba.recipe, root)


@case('weights bomb')
def _(root, monkeypatch):
  limit(monkeypatch, MEMBER_BYTES=10**6, EXPANSION=1)
  np.savez_compressed(root / 'x.npz', record=np.zeros(10**7))
  classifier_files.load(root / 'x.npz')


@case('results bomb')
def _(root, monkeypatch):
  limit(monkeypatch, FILE_BYTES=10**6)
  results.load(write(root, 'x.jsonl.gz', gzip.compress(bytes(10**7))))


def rows(root):
  """The rows of the page: {input: what jaxgan says}."""
  page = (root / 'docs/security.md').read_text()
  table = page.split('## What is refused')[1].split('## Limits')[0]
  lines = re.findall(r'^\| (.*?) \| .* \| (.*) \|$', table, re.MULTILINE)
  return {name: said.strip('`') for name, said in lines[1:]}


def test_each_row_of_the_page_is_a_case_and_each_case_a_row(root):
  assert list(rows(root)) == list(CASES)


@pytest.mark.parametrize('row', CASES)
def test_a_hostile_file_is_refused_in_one_sentence(
  root, tmp_path, monkeypatch, row
):
  said = 'nothing: only the six files of CIFAR-10 are read, and none is written'

  def attempt():
    nonlocal said
    try:
      CASES[row](tmp_path, monkeypatch)
    except ValueError as error:
      said = str(error).replace(str(tmp_path), 'FOLDER')

  # In a thread, because a wrong reader waits for a pipe for ever.
  thread = threading.Thread(target=attempt, daemon=True)
  thread.start()
  thread.join(20)
  assert not thread.is_alive()
  assert said == rows(root)[row]


def test_the_page_states_the_limits(root):
  page = (root / 'docs/security.md').read_text()
  units = {'1 GiB': 2**30, '4 GiB': 4 * 2**30}
  stated = re.findall(r'^\| `([A-Z_]+)` \| (.*?) \|', page, re.MULTILINE)
  assert len(stated) == 7
  for name, value in stated:
    number = units.get(value) or int(value.replace(',', ''))
    assert getattr(untrusted, name) == number
  assert untrusted.IMAGE_PIXELS == 2 * Image.MAX_IMAGE_PIXELS


def test_a_large_archive_may_expand_in_proportion(tmp_path, monkeypatch):
  limit(monkeypatch, MEMBER_BYTES=10**3, ARCHIVE_BYTES=10**3)
  array = random_images(9, 32, 32, 3)
  np.savez_compressed(tmp_path / 'x.npz', images=array)
  result = examples.load(tmp_path / 'x.npz', '--generated')
  np.testing.assert_array_equal(result, array)


def test_hostile_images_are_skipped_if_the_user_says_so(tmp_path):
  write_folder(tmp_path, random_images(1, 4, 4, 1), ['good.PNG'])
  (tmp_path / 'a.png').write_bytes(EPS)
  os.mkfifo(tmp_path / 'b.png')
  found = read_all(folder.recipe, tmp_path, on_bad_image='skip')
  assert len(found) == 1


@pytest.mark.parametrize('suffix', [*images.FORMATS, '.PNG', '.JpG'])
def test_every_ending_opens_its_format_in_any_case(suffix):
  kind, _ = images.FORMATS[suffix.lower()]
  assert images.open_image(encode(kind), suffix).size == (4, 4)


def test_pillow_tries_no_other_format_in_a_record_without_a_name(monkeypatch):
  started = lambda *_, **__: pytest.fail('Ghostscript was started')
  monkeypatch.setattr(PIL.EpsImagePlugin, 'Ghostscript', started)
  with pytest.raises(ValueError, match='is not a complete image file'):
    images.open_image(EPS)


def test_a_photo_of_a_phone_is_a_jpeg():
  buffer = io.BytesIO()
  pages = [Image.new('RGB', (4, 4)) for _ in range(2)]
  pages[0].save(buffer, 'MPO', save_all=True, append_images=pages[1:])
  assert images.open_image(buffer.getvalue(), '.jpg').size == (4, 4)


def test_a_folder_that_two_links_name_is_read_twice(tmp_path):
  write_folder(tmp_path / 'far', random_images(2, 4, 4, 1))
  (tmp_path / 'here').mkdir()
  for name in ('cat', 'dog'):
    (tmp_path / 'here' / name).symlink_to(tmp_path / 'far')
  assert len(read_all(folder.recipe, tmp_path / 'here')) == 4


def test_a_tar_of_endless_names_is_no_complete_tar(tmp_path):
  info = tarfile.TarInfo('././@LongLink')
  info.type = tarfile.GNUTYPE_LONGNAME
  data = info.tobuf(tarfile.GNU_FORMAT) * 3000
  path = write(tmp_path, 'cifar-10-binary.tar.gz', gzip.compress(data))
  with pytest.raises(ValueError, match='is not a complete tar file'):
    read_all(cifar.recipe, path)


def test_a_packed_text_is_read_up_to_the_limit(tmp_path, monkeypatch):
  file = tmp_path / 'x.csv.gz'
  file.write_bytes(gzip.compress(b'a,b\n' * 100))
  assert [*untrusted.lines(file)] == ['a,b\n'] * 100
  monkeypatch.setattr(untrusted, 'FILE_BYTES', 300)
  with pytest.raises(untrusted.Refused, match='expands to more than 300 bytes'):
    list(untrusted.lines(file))
