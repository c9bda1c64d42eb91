"""Folders of image files."""

import threading

import numpy as np
import pytest
from data_testing import as_set, check, fails, random_images, write_folder

from jaxgan.config import Data
from jaxgan.data import sources, threads, untrusted
from jaxgan.data.builders import folder


def a_folder(root, **settings):
  return folder.recipe(Data(name='folder', path=str(root), **settings))


def test_folder_without_subfolders_has_no_labels(tmp_path):
  expected = random_images(3, 4, 6, 3)
  recipe = a_folder(write_folder(tmp_path, expected))
  assert (recipe.shape, recipe.num_classes) == ((4, 6, 3), 0)
  check(recipe, {'train': (expected, np.zeros(3, int))})


def test_direct_subfolders_are_classes_in_sorted_order(tmp_path):
  expected = random_images(4, 4, 4, 1)
  names = ['cat/a.png', 'cat/deep/b.PNG', 'dog/a.png', 'emu/a.png']
  recipe = a_folder(write_folder(tmp_path, expected, names))
  assert recipe.num_classes == 3
  check(recipe, {'train': (expected, np.array([0, 0, 1, 2]))})


def test_images_in_the_folder_itself_mean_no_classes(tmp_path):
  names = ['a.png', 'cat/a.png']
  recipe = a_folder(write_folder(tmp_path, random_images(2, 4, 4, 1), names))
  assert recipe.num_classes == 0


def test_hidden_and_other_files_are_ignored(tmp_path):
  expected = random_images(3, 4, 4, 1)
  names = ['x/a.png', 'x/._a.png', '.checkpoints/a.png']
  write_folder(tmp_path, expected, names)
  (tmp_path / 'x' / 'notes.txt').write_text('text')
  assert len(list(a_folder(tmp_path).splits['train']())) == 1


def test_linked_subfolders_are_followed(tmp_path):
  write_folder(tmp_path / 'far', random_images(2, 4, 4, 1))
  (tmp_path / 'here').mkdir()
  (tmp_path / 'here' / 'cat').symlink_to(tmp_path / 'far')
  assert len(list(a_folder(tmp_path / 'here').splits['train']())) == 2


def test_folder_missing_empty_or_a_file(tmp_path):
  def config(path):
    return Data(name='folder', path=str(path))

  missing = tmp_path / 'missing'
  fails(
    FileNotFoundError, folder.recipe, config(missing), 'data.path', 'missing'
  )
  fails(FileNotFoundError, folder.recipe, config(tmp_path), 'no image', '.png')
  file = tmp_path / 'a.txt'
  file.write_text('text')
  fails(ValueError, folder.recipe, config(file), 'a file', 'a folder of images')


def test_many_files_keep_their_order(tmp_path):
  expected = random_images(300, 3, 2, 1)
  recipe = a_folder(write_folder(tmp_path, expected))
  check(recipe, {'train': (expected, np.zeros(300, int))})
  assert recipe.totals == {'train': 300}


def test_threads_read_files_at_the_same_time(tmp_path, monkeypatch):
  expected = random_images(4, 4, 4, 1)
  recipe = a_folder(write_folder(tmp_path, expected))
  two, read_file = threading.Barrier(2), untrusted.read_file

  def read_with_another(file):
    two.wait(10)
    return read_file(file)

  monkeypatch.setattr(threads, 'cores', lambda: 2)
  monkeypatch.setattr(folder, '_size', lambda file: threads._GROUP_BYTES)
  monkeypatch.setattr(untrusted, 'read_file', read_with_another)
  check(recipe, {'train': (expected, np.zeros(4, int))})


def test_preparing_shows_the_number_of_files(tmp_path, capsys, monkeypatch):
  monkeypatch.setattr('jaxgan.progress.shows_bars', lambda: True)
  expected = random_images(3, 4, 4, 1)
  path = str(write_folder(tmp_path / 'images', expected))
  data = Data(name='folder', path=path, dir=str(tmp_path / 'data'))
  assert as_set(sources.load(data).images) == as_set(expected)
  assert 'Preparing folder' in (shown := capsys.readouterr().err)
  assert '/3 ' in shown


def test_the_first_of_several_broken_images_is_named(tmp_path):
  write_folder(tmp_path, random_images(90, 4, 4, 1))
  for number in (40, 41, 80):
    (tmp_path / f'{number:03d}.png').write_bytes(b'')
  config = Data(name='folder', path=str(tmp_path))
  fails(ValueError, folder.recipe, config, '040.png', 'not a complete image')


@pytest.mark.parametrize('broken', [0, 2])
def test_a_broken_image_is_named(tmp_path, broken):
  write_folder(tmp_path, random_images(3, 4, 4, 1))
  (tmp_path / f'00{broken}.png').write_bytes(b'\x89PNG but no more')
  config = Data(name='folder', path=str(tmp_path))
  words = (f'00{broken}.png', 'not a complete image file', 'on_bad_image')
  fails(ValueError, folder.recipe, config, *words)


def test_an_image_that_cannot_be_read_is_named(tmp_path):
  (tmp_path / 'a.png').symlink_to(tmp_path / 'gone')
  config = Data(name='folder', path=str(tmp_path))
  fails(ValueError, folder.recipe, config, 'a.png cannot be read', 'No such')
  write_folder(tmp_path, random_images(1, 4, 4, 1), ['b.png'])
  recipe = a_folder(tmp_path, on_bad_image='skip')
  assert len(list(recipe.splits['train']())) == 1


def test_broken_images_are_skipped_and_counted(tmp_path, caplog):
  expected = random_images(4, 4, 4, 1)
  write_folder(tmp_path, expected)
  for name in ('000.png', '002.png'):
    (tmp_path / name).write_bytes(b'')
  recipe = a_folder(tmp_path, on_bad_image='skip')
  check(recipe, {'train': (expected[1::2], np.zeros(2, int))})
  assert '2 of 4 images' in caplog.text
  assert '000.png' in caplog.text


def test_a_folder_of_nothing_but_broken_images(tmp_path):
  write_folder(tmp_path, random_images(2, 4, 4, 1))
  for file in tmp_path.iterdir():
    file.write_bytes(b'')
  config = Data(name='folder', path=str(tmp_path), on_bad_image='skip')
  fails(ValueError, folder.recipe, config, 'None of the 2 images', '000.png')


def test_sizes_may_differ_only_if_image_size_is_set(tmp_path):
  write_folder(tmp_path, random_images(2, 4, 6, 1))
  write_folder(tmp_path, random_images(1, 5, 6, 1), ['002.png'])
  config = Data(name='folder', path=str(tmp_path))
  words = ('000.png is 4 x 6', '002.png is 5 x 6', 'data.image_size')
  fails(ValueError, folder.recipe, config, *words)
  recipe = a_folder(tmp_path, image_size=4)
  assert recipe.shape == (None, None, 1)
  assert len(list(recipe.splits['train']())) == 3


def test_the_version_depends_on_files_and_settings(tmp_path):
  write_folder(tmp_path, random_images(2, 4, 4, 1))
  before = a_folder(tmp_path).version
  assert a_folder(tmp_path).version == before
  assert a_folder(tmp_path, on_bad_image='skip').version != before
  assert a_folder(tmp_path, image_size=4).version != before
  write_folder(tmp_path, random_images(1, 4, 4, 1), ['002.png'])
  assert a_folder(tmp_path).version != before
