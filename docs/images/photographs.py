"""Draws docs/images/photographs.jpg: real photographs above generated ones.

  python docs/images/photographs.py --workdir=runs/flowers

A column is a class of the run, in turn. The first row is real, the first images
of each class in the order of the data; the others are generated (seed 0), the
first ones, not chosen.
"""

import argparse
import pathlib

import numpy as np
from PIL import Image

import jaxgan
from jaxgan.data import sources
from jaxgan.storage import pictures

OUT = pathlib.Path(__file__).with_name('photographs.jpg')


def main() -> None:
  """Parses the flags and writes the picture."""
  parser = argparse.ArgumentParser()
  parser.add_argument('--workdir', required=True)
  parser.add_argument('--columns', type=int, default=10)
  parser.add_argument('--rows', type=int, default=2)
  parser.add_argument('--out', type=pathlib.Path, default=OUT)
  flags = parser.parse_args()
  run = jaxgan.load_run(flags.workdir)
  data = sources.load(run.config.data)
  classes = max(data.num_classes, 1)
  ranks = [
    np.flatnonzero(data.labels == i % classes)[i // classes]
    for i in range(flags.columns)
  ]
  real = np.asarray(data.images[ranks])
  # Labels 0, 1, 2, ... in turn, and as many columns as a multiple of them.
  fake = run.sample(flags.columns * flags.rows, seed=0)
  page = pictures.grid(np.concatenate([real, fake]), flags.columns)
  Image.fromarray(page).save(flags.out, quality=90)


if __name__ == '__main__':
  main()
