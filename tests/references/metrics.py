"""Computes metrics with the reference packages, for tests/metrics.

Requires torch-fidelity, pytorch-fid, prdc, POT and pytorch-msssim. Writes
tests/references/metrics.json:

  pip install torch-fidelity pytorch-fid prdc pot pytorch-msssim
  python tests/references/metrics.py

The tests recreate the inputs with `inputs`, which needs only numpy.
"""

import importlib.metadata
import json
import pathlib
import warnings

import numpy as np

PATH = pathlib.Path(__file__).with_suffix('.json')
PACKAGES = (
  'numpy', 'scipy', 'scikit-learn', 'torch', 'torch-fidelity', 'pytorch-fid',
  'prdc', 'pot', 'pytorch-msssim',
)  # fmt: skip


def read():
  """Returns the stored values: {name: value}."""
  return json.loads(PATH.read_text())['values']


def features(seed, num, width, shift=0.0, mix=0):
  """Normal values [num, width] float64, correlated by the matrix `mix`."""
  # The legacy generator, whose stream is frozen.
  rng = np.random.RandomState(seed)
  matrix = np.random.RandomState(1000 + mix).standard_normal((width, width))
  return rng.standard_normal((num, width)) @ matrix / width**0.5 + shift


def inputs():
  """Returns the arrays from which all values are computed: {name: array}."""
  rng = np.random.RandomState(5)
  noise = rng.randint(0, 256, (4, 176, 192, 3))
  smooth = np.linspace(0, 255, 192)[:, None] * np.ones(3)
  return {
    'real': features(0, 3000, 64),
    'fake': features(1, 2500, 64, shift=0.3, mix=1),
    'few': features(2, 50, 128, shift=0.1),
    'other': features(3, 400, 128),
    'near': features(4, 700, 16),
    'nearby': features(6, 600, 16, shift=0.2),
    'steep': features(10, 3000, 256) * np.arange(1, 257) ** -1.5,
    'steeper': features(11, 2500, 256) * np.arange(1, 257) ** -2.0,
    'grid': rng.randint(0, 5, (300, 6)).astype(np.float64),
    'gridded': rng.randint(0, 4, (250, 6)).astype(np.float64),
    # A grid that floats cannot represent: distances are equal up to rounding.
    'steps': rng.randint(0, 5, (300, 6)) / 3.7 - 1,
    'stepped': rng.randint(0, 4, (250, 6)) / 3.7 - 1,
    'logits': 2 * features(7, 5000, 10),
    'plane': features(8, 300, 2),
    'shifted': features(9, 300, 2, shift=0.7),
    'images': (0.3 * noise + 0.7 * smooth).astype(np.uint8),
    'others': (0.2 * noise[::-1] + 0.7 * smooth + 20).astype(np.uint8),
  }


def frechet(x):
  from pytorch_fid.fid_score import calculate_frechet_distance
  from torch_fidelity.metric_fid import fid_statistics_to_metric

  def both(a, b):
    a, b = (
      {'mu': x[n].mean(0), 'sigma': np.cov(x[n], rowvar=False)} for n in (a, b)
    )
    out = fid_statistics_to_metric(a, b, verbose=False)
    return out['frechet_inception_distance'], calculate_frechet_distance(
      a['mu'], a['sigma'], b['mu'], b['sigma']
    )

  fidelity, fid = both('real', 'fake')
  return {
    'frechet_torch_fidelity': fidelity,
    'frechet_pytorch_fid': fid,
    'frechet_few_torch_fidelity': both('few', 'other')[0],
    'frechet_steep_torch_fidelity': both('steep', 'steeper')[0],
  }


def kernel(x):
  import torch
  from torch_fidelity.metric_kid import kid_features_to_metric

  def kid(dtype, **options):
    real, fake = (
      torch.from_numpy(x[n].astype(dtype)) for n in ('real', 'fake')
    )
    out = kid_features_to_metric(real, fake, verbose=False, **options)
    return [
      out[f'kernel_inception_distance_{part}'] for part in ('mean', 'std')
    ]

  other = {'kid_subsets': 7, 'kid_subset_size': 333, 'rng_seed': 3}
  return {
    'kid': kid(np.float64),
    'kid_other_protocol': kid(np.float64, **other),
    'kid_float32': kid(np.float32, **other),
  }


def inception_score(x):
  import torch
  from torch_fidelity.metric_isc import isc_features_to_metric

  out = isc_features_to_metric(torch.from_numpy(x['logits']))
  return {
    'inception_score': [
      out[f'inception_score_{part}'] for part in ('mean', 'std')
    ]
  }


def manifold(x):
  from prdc import compute_prdc

  values = {}
  for a, b, dtypes in (
    ('near', 'nearby', ('float32', 'float64')),
    ('grid', 'gridded', ('float32', 'float64')),
    ('steps', 'stepped', ('float32',)),
  ):
    for dtype in dtypes:
      for k in (3, 5):
        real, fake = (x[n].astype(dtype) for n in (a, b))
        out = compute_prdc(real, fake, nearest_k=k)
        values[f'prdc_{a}_{dtype}_{k}'] = {n: float(v) for n, v in out.items()}
  return values


def transport(x):
  import ot

  def cost(a, b, metric):
    return ot.emd2([], [], ot.dist(a, b, metric), numItermax=10**7)

  plane, shifted = x['plane'], x['shifted']
  near, nearby = x['near'][:300], x['nearby'][:300]
  return {
    'w1': cost(plane, shifted, 'euclidean'),
    'w2': cost(plane, shifted, 'sqeuclidean') ** 0.5,
    'w1_unequal': cost(plane[:100], shifted, 'euclidean'),
    'w1_wide': cost(near, nearby, 'euclidean'),
    'w2_wide': cost(near, nearby, 'sqeuclidean') ** 0.5,
  }


def diversity(x):
  import torch
  from pytorch_msssim import ms_ssim

  first, second = (
    torch.from_numpy(x[n].transpose(0, 3, 1, 2).astype(np.float64))
    for n in ('images', 'others')
  )
  # Its default window is float32 and does not sum to one exactly.
  window = torch.exp(-((torch.arange(11.0).double() - 5) ** 2) / (2 * 1.5**2))
  window = (window / window.sum()).reshape(1, 1, 1, 11).repeat(3, 1, 1, 1)
  values = ms_ssim(first, second, size_average=False, win=window)
  return {'ms_ssim': values.tolist()}


def main():
  warnings.simplefilter('ignore')
  x = inputs()
  values = {}
  for of in (frechet, kernel, inception_score, manifold, transport, diversity):
    values |= of(x)
  versions = {name: importlib.metadata.version(name) for name in PACKAGES}
  text = json.dumps({'versions': versions, 'values': values}, indent=1)
  PATH.write_text(text + '\n')


if __name__ == '__main__':
  main()
