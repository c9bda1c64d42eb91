"""The section of image-to-image translation."""

import dataclasses

from jaxgan.config.schema.fields import one_of, within

# fmt: off


@dataclasses.dataclass(frozen=True)
class Translation:
  """The input images of game translation, made from the images of the data."""

  input: str = one_of(
    'gray', 'low_resolution', 'hole', 'noise', 'edges', 'pair', 'unpaired',
    doc=
    'Image that the generator gets, and must turn into the image of the data '
    '(docs/image_to_image.md). pair: the input of the data sets pairs and '
    'side_by_side. unpaired: an image of the other folder of the data set '
    'unpaired (CycleGAN).')
  factor: int = within(4, 2, 32, doc=
    'Factor by which low_resolution shrinks both sides.')
  hole: float = within(0.5, 0.01, 1, doc=
    'Sides of the rectangle that hole removes, as a share of those of the '
    'image; its place is random.')
  noise: float = within(0.3, 0, doc=
    'Standard deviation of the noise; pixels are in [-1, 1].')
  crop_from: int = within(0, 0, 8192, doc=
    'Height to which images are enlarged in training before they are cropped '
    'to their size at a random place, alike for both images of a pair '
    '(pix2pix: 286 for 256). 0 for none.')
  pool: int = within(0, 0, 4096, doc=
    'Past outputs of each domain that are kept; the critic sees one of them '
    'instead of a new output with probability 1/2 (CycleGAN: 50). 0 for none.')
