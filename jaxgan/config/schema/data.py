"""What is learnt from."""

import dataclasses

from jaxgan.config.schema.fields import one_of, within


@dataclasses.dataclass(frozen=True)
class Data:
  """Where images or vectors come from and how images are cut.

  Attributes:
    name: `digits`, `folder`, `table`, a toy, or the name of any tfds data set.
    path: files at hand: a folder, an archive, or a table of numbers (.npy,
      .npz, .csv, .tsv); empty for none.
    dir: where prepared copies live; empty for tfds' own place.
    split: a tfds split, with slices: `train`, `test`, `train[:10%]`.
    image_size: height in pixels after centre crop and resize; 0 keeps images
      as they are, and then all must have one shape.
    image_width: width in pixels; 0 for square.
    channels: 1 to 4, or 0 for what the files hold.
    attributes: of the faces of `celeba`, such as ('Male', 'Smiling'); the label
      is the number whose bits they are, the first one the highest. Empty for
      faces without labels.
    flip: mirrors half of the images left to right.
    on_bad_image: what a broken image in a folder does.
    placement: where the images live: in the host's memory, on every device,
      or on the devices where they fit beside an accelerator (`auto`).
    mock_examples: random images in the shape of the data set, for dry runs
      without its files; 0 for the real ones.
  """

  name: str = 'digits'
  path: str = ''
  dir: str = ''
  split: str = 'train'
  image_size: int = within(0, 0, 4096)
  image_width: int = within(0, 0, 4096)
  channels: int = within(0, 0, 4)
  attributes: tuple[str, ...] = ()
  flip: bool = False
  on_bad_image: str = one_of('error', 'skip')
  placement: str = one_of('auto', 'host', 'device')
  mock_examples: int = within(0, 0)
