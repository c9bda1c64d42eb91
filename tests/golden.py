"""Digests of short runs, to compare two versions of the code bit for bit.

  python tests/golden.py --record=before.json     (in the old checkout)
  python tests/golden.py --compare=before.json    (in the new one)

Trains eight small configurations for five iterations and a vmapped study of
seeds, through the commands alone, and hashes the arrays of the last checkpoint
and the rows of metrics. Digests are equal only on one machine with one version
of jax, so they are recorded anew for each comparison and never committed.
"""

import argparse
import hashlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile

import numpy as np

ROOT = pathlib.Path(__file__).parents[1]

# Nets x presets x losses: config file -> keys that differ from it. A preset
# replaces the warm-up of :tiny, so that one is given again.
RUNS = {
  'mlp, iterative, wasserstein': ('digits.py:tiny', {}),
  'mlp, pi, energy distance, toy': (
    'toy.py:tiny',
    {'penalty.controller': 'pi', 'penalty.distance': 'energy'},
  ),
  'dcgan, literal, wasserstein': (
    'mnist.py:tiny',
    {'penalty.preset': 'literal', 'penalty.warmup_steps': 2},
  ),
  'resnet, wgan_gp, decay': (
    'cifar10.py:tiny',
    {'penalty.preset': 'wgan_gp', 'penalty.warmup_steps': 2},
  ),
  'sngan, none, hinge': ('zoo/sngan.py:tiny', {}),
  'conditional, projection, following': (
    'zoo/projection.py:tiny',
    {'penalty.preset': 'following', 'penalty.warmup_steps': 2},
  ),
  'stylegan, r1, nonsaturating': ('zoo/stylegan.py:tiny', {}),
  'multiscale': ('zoo/multiscale.py:tiny', {}),
  'infogan': ('zoo/infogan.py:tiny', {}),
}
STUDY = 'studies/toy.py:tiny'
STEPS = 5


def digest_of_run(config, changes, folder):
  """Trains one configuration and hashes what it leaves."""
  keys = {
    'train.steps': STEPS,
    'checkpoint.every_steps': STEPS,
    'log.every_steps': 1,
    **changes,
  }
  command(
    'main',
    f'--config=configs/{config}',
    f'--workdir={folder}',
    *(f'--config.{key}={value}' for key, value in keys.items()),
  )
  return {
    'state': digest_of_checkpoint(folder / 'checkpoints' / str(STEPS)),
    'metrics': digest_of_rows(folder / 'metrics.jsonl'),
  }


def digest_of_checkpoint(folder):
  """SHA-256 over all arrays of a checkpoint, by their names in it."""
  import orbax.checkpoint as ocp

  with ocp.StandardCheckpointer() as checkpointer:
    state = checkpointer.restore((folder / 'state').absolute())
  sha = hashlib.sha256()
  for name, leaf in sorted(leaves(state)):
    value = np.ascontiguousarray(leaf)
    sha.update(f'{name} {value.dtype} {value.shape} '.encode())
    sha.update(value.tobytes())
  return sha.hexdigest()


def leaves(tree, prefix=''):
  """(name, array) of nested dicts and lists; keys as their numbers."""
  import jax

  if isinstance(tree, dict):
    for key, value in tree.items():
      yield from leaves(value, f'{prefix}/{key}')
  elif isinstance(tree, list | tuple):
    for key, value in enumerate(tree):
      yield from leaves(value, f'{prefix}/{key}')
  elif tree is not None:
    if jax.dtypes.issubdtype(tree.dtype, jax.dtypes.prng_key):
      tree = jax.random.key_data(tree)
    yield prefix, tree


def digest_of_rows(path):
  """SHA-256 over the lines of a .jsonl, without what a clock has measured."""
  rows = [json.loads(line) for line in path.read_text().splitlines()]
  for row in rows:
    row.pop('steps_per_second', None)
    row.pop('train_precision', None)  # A text; older versions had none.
  lines = sorted(json.dumps(row, sort_keys=True) for row in rows)
  return hashlib.sha256('\n'.join(lines).encode()).hexdigest()


def command(name, *arguments):
  """Runs a command of this checkout; its output is shown where it fails."""
  done = subprocess.run(
    [sys.executable, '-m', f'jaxgan.{name}', *arguments],
    cwd=ROOT, capture_output=True, text=True, check=False,
    env=os.environ | {'PYTHONPATH': str(ROOT), 'JAX_PLATFORMS': 'cpu'},
  )  # fmt: skip
  if done.returncode:
    raise SystemExit(f'{name} {arguments} failed:\n{done.stderr}')


def measure():
  """Name -> digests, of all runs and of the study."""
  found = {}
  with tempfile.TemporaryDirectory() as place:
    for number, (name, (config, changes)) in enumerate(RUNS.items()):
      folder = pathlib.Path(place) / str(number)
      found[name] = digest_of_run(config, changes, folder)
    folder = pathlib.Path(place) / 'study'
    command('study', f'--config=configs/{STUDY}', f'--workdir={folder}')
    rows = digest_of_rows(folder / 'results.jsonl')
    found['replicas, six arms'] = {'metrics': rows}
  return found


def main():
  parser = argparse.ArgumentParser(description=__doc__)
  parser.add_argument('--record', type=pathlib.Path)
  parser.add_argument('--compare', type=pathlib.Path)
  given = parser.parse_args()
  found = measure()
  if given.record:
    given.record.write_text(json.dumps(found, indent=2) + '\n')
  if given.compare:
    known = json.loads(given.compare.read_text())
    for name, digests in found.items():
      for part, digest in digests.items():
        same = known[name][part] == digest
        print(
          f'{"equal" if same else "DIFFERS"}  {digest[:12]}  {name}: {part}'
        )
    return int(found != known)
  return 0


if __name__ == '__main__':
  sys.exit(main())
