"""Compares our resizes with those of the reference packages.

  pip install torch torch-fidelity clean-fid
  python tests/references/resize.py

Writes tests/references/resize.json, which tests/metrics/resize_test.py reads
without them. Prints differences in units of [0, 255] and fails if one is above
1e-4.
"""

import json
import pathlib

import numpy as np
import torch
from cleanfid.resize import make_resizer
from torch_fidelity.interpolate_compat_tensorflow import (
  interpolate_bilinear_2d_like_tensorflow1x as tensorflow1,
)

from jaxgan.metrics import resize

OUT = pathlib.Path(__file__).with_suffix('.json')
TOLERANCE = 1e-4
# (height, width, side): upsampling, downsampling, one of each, and a length at
# which float32 rounds the position of a pixel.
KEPT = [(5, 7, 9), (12, 10, 4), (3, 12, 6), (1000, 2, 7)]
SHOWN = [*KEPT, (32, 32, 299), (299, 299, 299), (1024, 600, 299)]


def images(height, width):
  """Random images [1, H, W, 3] uint8, the same as in the test."""
  rng = np.random.RandomState(height)
  return rng.randint(0, 256, (1, height, width, 3)).astype(np.uint8)


def clean(x, side):
  return make_resizer('PIL', False, 'bicubic', (side, side))(x[0])[None]


def legacy(x, side):
  return make_resizer('PyTorch', False, 'bilinear', (side, side))(x[0])[None]


def legacy_tf(x, side):
  channels_first = torch.tensor(x.transpose(0, 3, 1, 2)).float()
  y = tensorflow1(channels_first, (side, side), align_corners=False)
  return y.numpy().transpose(0, 2, 3, 1)


REFERENCES = {'clean': clean, 'legacy': legacy, 'legacy_tf': legacy_tf}


def main():
  kept, worst = [], 0.0
  for name, reference in REFERENCES.items():
    for height, width, side in SHOWN:
      x = images(height, width)
      theirs = reference(x, side)
      ours = np.asarray(resize.resize(x, side, name))
      difference = np.abs(theirs - ours).max()
      worst = max(worst, difference)
      print(f'{name:10} {height}x{width} to {side}: {difference:.1e}')
      if (height, width, side) in KEPT:
        values = np.float64(theirs[..., 0]).round(5).tolist()
        kept.append(
          {'name': name, 'height': height, 'width': width, 'values': values}
        )
  if worst > TOLERANCE:
    raise SystemExit(f'a difference is above {TOLERANCE}')
  OUT.write_text(json.dumps(kept).replace('{', '\n{') + '\n')


if __name__ == '__main__':
  main()
