"""Writes small files in the layouts of real data sets, and reads recipes."""

import gzip
import io
import tarfile
import zipfile

import numpy as np
import pytest

from jaxgan.data import images as images_lib
from jaxgan.data.images import png


def random_images(num, height, width, channels, seed=0):
  rng = np.random.default_rng(seed)
  return rng.integers(0, 256, (num, height, width, channels), np.uint8)


def jpeg(image):
  buffer = io.BytesIO()
  images_lib.from_array(image).save(buffer, 'JPEG')
  return buffer.getvalue()


def as_set(images):
  """Sorted images, to compare data sets whose order is arbitrary."""
  return sorted(image.tobytes() for image in images)


def pairs(images, labels):
  """Sorted images with their labels."""
  both = zip(images, labels, strict=True)
  return sorted((image.tobytes(), int(label)) for image, label in both)


def write_folder(root, images, names=None):
  """Writes one PNG per image; `names` may contain subfolders."""
  names = names or [f'{i:03d}.png' for i in range(len(images))]
  for image, name in zip(images, names, strict=True):
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).write_bytes(png(image))
  return root


def idx_bytes(array):
  header = [bytes([0, 0, 8, array.ndim])]
  header += [n.to_bytes(4, 'big') for n in array.shape]
  return b''.join(header) + array.tobytes()


def write_mnist(root, num_train=20, num_test=6, compress=True):
  """Writes the four idx files; returns (images, labels) by split."""
  root.mkdir(parents=True, exist_ok=True)
  splits = {}
  sizes = {'train': ('train', num_train), 'test': ('t10k', num_test)}
  for split, (prefix, num) in sizes.items():
    images = random_images(num, 28, 28, 1, seed=num)
    labels = (np.arange(num) % 10).astype(np.uint8)
    splits[split] = images, labels
    parts = {'images-idx3': images[..., 0], 'labels-idx1': labels}
    for part, array in parts.items():
      data = idx_bytes(array)
      name = f'{prefix}-{part}-ubyte'
      if compress:
        (root / f'{name}.gz').write_bytes(gzip.compress(data))
      else:
        (root / name).write_bytes(data)
  return splits


def write_cifar(root, per_batch=2):
  """Writes the binary version; returns (images, labels) by split."""
  folder = root / 'cifar-10-batches-bin'
  folder.mkdir(parents=True)
  splits = {}
  for split, num in (('train', 5), ('test', 1)):
    images = random_images(num * per_batch, 32, 32, 3, seed=num)
    labels = (np.arange(num * per_batch) % 10).astype(np.uint8)
    planes = images.transpose(0, 3, 1, 2).reshape(len(images), -1)
    records = np.concatenate([labels[:, None], planes], axis=1)
    names = [f'data_batch_{i + 1}.bin' for i in range(5)]
    if split == 'test':
      names = ['test_batch.bin']
    for name, batch in zip(names, np.split(records, num), strict=True):
      (folder / name).write_bytes(batch.tobytes())
    splits[split] = images, labels
  return splits


def pack_cifar(root):
  """Replaces the folder by an archive; returns its path."""
  folder = root / 'cifar-10-batches-bin'
  archive = root / 'cifar-10-binary.tar.gz'
  with tarfile.open(archive, 'w:gz') as tar:
    tar.add(folder, folder.name)
  for file in folder.iterdir():
    file.unlink()
  folder.rmdir()
  return archive


def write_attributes(root, names, rows):
  """Writes list_attr_celeba.txt from rows of 1 and -1."""
  lines = [str(len(rows)), ' '.join(names) + ' ']
  for i, row in enumerate(rows):
    cells = ''.join(f'{value:3d}' for value in row)
    lines.append(f'{i + 1:06d}.jpg{cells}')
  (root / 'list_attr_celeba.txt').write_text('\n'.join(lines) + '\n')


def write_celeba(root, num=9, zipped=False):
  """Writes faces, image i in split i % 3; returns [num, 218, 178, 3]."""
  files = [jpeg(image) for image in random_images(num, 218, 178, 3)]
  images = np.stack([np.asarray(images_lib.open_image(x)) for x in files])
  names = [f'{i + 1:06d}.jpg' for i in range(num)]
  root.mkdir(parents=True, exist_ok=True)
  lines = [f'{name} {i % 3}' for i, name in enumerate(names)]
  (root / 'list_eval_partition.txt').write_text('\n'.join(lines) + '\n')
  if not zipped:
    (root / 'img_align_celeba').mkdir()
    for name, data in zip(names, files, strict=True):
      (root / 'img_align_celeba' / name).write_bytes(data)
    return images
  with zipfile.ZipFile(root / 'img_align_celeba.zip', 'w') as archive:
    for name, data in zip(names, files, strict=True):
      archive.writestr(f'img_align_celeba/{name}', data)
  return images


def read(recipe, split):
  """Decodes one split: images [N, H, W, C] and labels, in order."""
  images, labels = [], []
  for data, label in recipe.splits[split]():
    image = images_lib.open_image(data)
    images.append(images_lib.fit(image, *images_lib.shape_of(image)))
    labels.append(label)
  return np.stack(images), labels


def check(recipe, splits):
  """The recipe yields the expected (images, labels) of each split."""
  assert set(recipe.splits) == set(splits)
  for split, (expected, labels) in splits.items():
    got, got_labels = read(recipe, split)
    np.testing.assert_array_equal(got, expected)
    assert got_labels == labels.tolist()


def fails(kind, recipe, config, *words, split='train'):
  """The recipe or its split raises one sentence that contains all words."""
  with pytest.raises(kind) as caught:
    list(recipe(config).splits[split]())
  message = str(caught.value)
  for word in words:
    assert word in message
  assert message.endswith('.')
  assert '\n' not in message
