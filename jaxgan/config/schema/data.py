"""The section of the data set."""

import dataclasses

from jaxgan.config.schema.fields import free, one_of, within

# fmt: off


@dataclasses.dataclass(frozen=True)
class Data:
  """The data set, and how its images are cropped and resized."""

  name: str = free('digits', doc=
    'digits, folder, table, mixed_table, gaussians8, gaussians25, swiss_roll, '
    'or the name of any tfds data set.')
  path: str = free('', doc=
    'Files of the user: a folder, an archive, or a table of numbers (.npy, '
    '.npz, .csv, .tsv). Empty for none.')
  dir: str = free('', doc=
    'Folder of prepared data sets. Empty for the default of tfds.')
  split: str = free('train', doc=
    'A tfds split, with slices: train, test, train[:10%].')
  image_size: int = within(0, 0, 4096, doc=
    'Height in pixels after center crop and resize. 0 keeps the images as they '
    'are; then all must have one shape.')
  image_width: int = within(0, 0, 4096, doc='Width in pixels; 0 for square.')
  channels: int = within(0, 0, 4, doc='1 to 4; 0 as in the files.')
  attributes: tuple[str, ...] = free((), doc=
    "Attributes of celeba that make the labels, such as ('Male', 'Smiling'). "
    'They are the bits of the label, the first one the highest. Empty for no '
    'labels.')
  columns: str = free('', doc=
    'File of the kinds of columns of a mixed_table, for those that are not '
    'inferred as wanted: a .json such as {"zip": "category"}, or lines such '
    'as zip,category. Empty for none.')
  condition: str = free('', doc=
    'Columns of a mixed_table whose categories a sample can be drawn for: all '
    'columns of categories, or one by name. Empty for none.')
  flip: bool = free(False, doc='Mirrors half of the images left to right.')
  on_bad_image: str = one_of('error', 'skip', doc=
    'Action at an unreadable image of a folder.')
  placement: str = one_of('auto', 'host', 'device', 'stream', doc=
    'Memory that holds the images: host, or every device. auto chooses the '
    'devices where there is an accelerator and the images fit. stream leaves '
    'them on disk and decodes those of each batch, for data larger than '
    'memory.')
  mock_examples: int = within(0, 0, doc=
    'Number of random images in the shape of the data set, for dry runs '
    'without its files. 0 for the real images.')
