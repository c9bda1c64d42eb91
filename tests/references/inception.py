"""Compares our Inception with the PyTorch packages, on random weights.

  pip install torch torchvision pytorch-fid torch-fidelity clean-fid
  python tests/references/inception.py

Writes tests/references/inception.json, which tests/metrics/inception_test.py
reads without PyTorch. Prints the largest difference over all features and fails
if it is above 1e-4.
"""

import hashlib
import json
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import torch

sys.path.insert(0, str(pathlib.Path(__file__).parents[1]))

import inception_random

from jaxgan.metrics import inception, inception_weights

OUT = pathlib.Path(__file__).with_suffix('.json')
COUNT, KEPT = 2, 16
TOLERANCE = 1e-4


def pytorch_fid(state, images):
  """Outputs of pytorch-fid: features, logits and logits without bias."""
  from pytorch_fid import inception as reference

  # Replaces the download; loading is strict in names and shapes.
  reference.load_state_dict_from_url = lambda *_, **__: state
  net, whole = reference.InceptionV3().eval(), reference.fid_inception_v3()
  x = torch.tensor(images.transpose(0, 3, 1, 2)) / 255
  with torch.no_grad():
    features = net(x)[0][:, :, 0, 0]
    return features, whole.fc(features), features @ whole.fc.weight.T


def torch_fidelity(path, images, resized=None):
  """Outputs of torch-fidelity, which follows TensorFlow's graph."""
  from torch_fidelity import feature_extractor_inceptionv3 as reference

  name = 'interpolate_bilinear_2d_like_tensorflow1x'
  resize = getattr(reference, name)
  if resized is not None:
    setattr(reference, name, lambda *_, **__: resized)
  net = reference.FeatureExtractorInceptionV3(
    'inception', ['2048', 'logits', 'logits_unbiased'], str(path)
  )
  with torch.no_grad():
    outputs = net(torch.tensor(images.transpose(0, 3, 1, 2)))
  setattr(reference, name, resize)
  return outputs


def clean_fid(path, images):
  """Outputs of clean-fid: its resize, then the net of torch-fidelity."""
  from cleanfid.resize import build_resizer

  resized = np.stack([build_resizer('clean')(image) for image in images])
  x = torch.tensor(resized.transpose(0, 3, 1, 2))
  return torch_fidelity(path, images, x)


def convert(source, out):
  """Converts a state dict of random weights with the command."""
  subprocess.run(
    [
      sys.executable, '-m', 'jaxgan.convert_inception', f'--weights={source}',
      f'--out={out}',
      f'--sha256={hashlib.sha256(source.read_bytes()).hexdigest()}',
    ],
    check=True,
  )  # fmt: skip
  return inception_weights.load(out).variables


def compare(name, theirs, ours):
  """Prints the differences; returns whether all are below TOLERANCE."""
  good = True
  for field, a, b in zip(inception.Outputs._fields, theirs, ours, strict=True):
    a, b = np.asarray(a), np.asarray(b)
    worst = np.abs(a - b).max()
    relative = np.linalg.norm(a - b) / np.linalg.norm(a)
    print(
      f'{name:21} {field:9} max |a - b| {worst:.1e}, |a - b| / |a| '
      f'{relative:.1e}, mean {a.mean():.3f}, largest {np.abs(a).max():.2f}, '
      f'between images {np.abs(a[0] - a[1]).mean():.3f}'
    )
    good &= bool(worst < TOLERANCE)
  return good


def main():
  state = inception_random.state_dict()
  tensors = {name: torch.tensor(array) for name, array in state.items()}
  with tempfile.TemporaryDirectory() as folder:
    path = pathlib.Path(folder) / 'weights.pth'
    # The public file has the old format.
    torch.save(tensors, path, _use_new_zipfile_serialization=False)
    old = convert(path, path.with_suffix('.npz'))
    torch.save(tensors, path)
    new = convert(path, path.with_suffix('.npz'))
    np.testing.assert_array_equal(
      old['params']['fc']['kernel'], new['params']['fc']['kernel']
    )
    small, large = (
      inception_random.images(COUNT, *s) for s in ((24, 32), (299, 299))
    )
    protocols = {
      'clean': lambda x: clean_fid(path, x),
      'legacy': lambda x: pytorch_fid(tensors, x),
      'legacy_tf': lambda x: torch_fidelity(path, x),
    }
    kept, good = {}, True
    for name, run in protocols.items():
      for images in (small, large):
        theirs = [np.asarray(x) for x in run(images)]
        ours = inception.embed(new, images, resize=name)
        good &= compare(f'{name} of side {images.shape[2]}', theirs, ours)
        if images is small:
          kept[name] = {
            # Evenly spaced, since adjacent features share a branch.
            field: np.float64(x[:, :: x.shape[1] // KEPT]).round(6).tolist()
            for field, x in zip(inception.Outputs._fields, theirs, strict=True)
          }
  if not good:
    raise SystemExit(f'a difference is above {TOLERANCE}')
  OUT.write_text(json.dumps(kept).replace('], ', '],\n') + '\n')


if __name__ == '__main__':
  main()
