"""Exported programs give jaxgan's own numbers in a process without jaxgan."""

import dataclasses
import json
import pathlib
import subprocess
import sys

import jax
import numpy as np
import pytest
import small
import untrained

from jaxgan.evaluation import restore
from jaxgan.exporting import nets as nets_lib
from jaxgan.exporting import write
from jaxgan.gan import networks as networks_lib

# The program of a user, who has jax alone.
JAX = """
import json, pathlib, sys
sys.modules['jaxgan'] = sys.modules['flax'] = None
import numpy as np
from jax import export
for folder in map(pathlib.Path, sys.argv[1:]):
  nets = json.loads((folder / 'metadata.json').read_text())['nets']
  for name, net in nets.items():
    program = export.deserialize(bytearray((folder / net['file']).read_bytes()))
    with np.load(folder.parent / f'{name}.npz') as arrays:
      inputs = [arrays[port['name']] for port in net['inputs']]
    for size in 4, 8:
      out = program.call(*(x[:size] for x in inputs))
      np.save(folder / f'{name}_{size}.npy', out)
"""
ONNX = """
import json, pathlib, sys
sys.modules['jaxgan'] = sys.modules['jax'] = None
import numpy as np, onnxruntime
for folder in map(pathlib.Path, sys.argv[1:]):
  nets = json.loads((folder / 'metadata.json').read_text())['nets']
  for name, net in nets.items():
    session = onnxruntime.InferenceSession(str(folder / net['file']))
    with np.load(folder.parent / f'{name}.npz') as arrays:
      inputs = {x.name: arrays[x.name] for x in session.get_inputs()}
    for size in 4, 8:
      out, = session.run(None, {k: x[:size] for k, x in inputs.items()})
      np.save(folder / f'{name}_{size}.npy', out)
"""
NAMES = {
  'mlp': ('zoo/infogan:tiny', {'net.name': 'mlp', 'net.gen_norm': 'batch'}),
  'mlp_labels': ('zoo/cgan:tiny', {}),
  'dcgan': ('zoo/dcgan:tiny', {}),
  'dcgan_labels': ('zoo/projection:tiny', {}),
  'resnet': ('zoo/sngan:tiny', {}),
  'resnet_labels': ('zoo/sagan:tiny', {}),
  'biggan_labels': ('zoo/biggan:tiny', {}),
  'stylegan': ('zoo/stylegan:tiny', {'net.minibatch_group': 4}),
  'stylegan_labels': (
    'zoo/stylegan:tiny',
    {'net.classes': 3, 'net.minibatch_group': 1},
  ),
  'r3gan': ('zoo/r3gan:tiny', {}),
  'r3gan_labels': ('zoo/r3gan:tiny', {'net.classes': 3}),
  'multiscale': ('zoo/multiscale:tiny', {}),
  'autoencoder': ('zoo/ebgan:tiny', {}),
}
QUICK = ('mlp_labels',)


def inputs_of(net):
  """Eight random inputs."""
  rng = np.random.default_rng(1)
  return {
    port.name: rng.normal(size=(8, *port.shape)).astype(np.float32)
    if port.dtype == 'float32'
    else rng.integers(0, 3, 8).astype(np.int32)
    for port in net.inputs
  }


def own_numbers(folder, name, inputs):
  """The outputs of the run's own networks, with its own convolutions."""
  problem, state = restore.load_state(folder)
  net = dataclasses.replace(problem.config.net, critic_dropout=0.0)
  networks = networks_lib.build(net, problem.shape)
  if name == 'generator':
    z = nets_lib.join(problem.latents, inputs)
    return lambda at: networks.sample(state.ema, z[:at])

  def score(at):
    label = inputs.get('label')
    label = None if label is None else label[:at]
    of = networks.score(state.variables.critic, label, jax.random.key(0))
    return of(networks.real(inputs['image'][:at]))

  return score


def export(folder, kind, names):
  """Exports both nets of runs; returns the folders and the inputs."""
  for name in names:
    config, changes = NAMES[name]
    run = untrained.write(folder / name / 'run', config, **changes)
    write.export_run(run, folder / name / 'out', kind=kind, which='all')
    problem, state = restore.load_state(run)
    for net in nets_lib.choose(problem, state, 'all', 'ema', 'float32'):
      np.savez(folder / name / f'{net.name}.npz', **inputs_of(net))
  return [folder / name / 'out' for name in names]


def differences(folder, kind, program, names):
  """{net of a run: largest difference in another process}."""
  outs = export(folder, kind, names)
  subprocess.run(
    [sys.executable, '-c', program, *map(str, outs)],
    check=True, env=small.environment(), cwd=folder,
  )  # fmt: skip
  found = {}
  for out in outs:
    for name in 'generator', 'critic':
      with np.load(out.parent / f'{name}.npz') as arrays:
        own = own_numbers(out.parent / 'run', name, dict(arrays))
      for size in 4, 8:
        other, expected = np.load(out / f'{name}_{size}.npy'), own(size)
        assert other.shape == expected.shape
        assert np.std(other) > 1e-3
        scale = max(1, np.abs(expected).max())
        key = f'{out.parent.name} {name} {size}'
        found[key] = float(np.abs(other - expected).max() / scale)
  return found


def check(found, names):
  assert len(found) == 4 * len(names)
  assert {k: v for k, v in found.items() if not v < 1e-5} == {}


@pytest.mark.parametrize(
  'names', [QUICK, small.slow([n for n in NAMES if n not in QUICK])]
)
def test_a_stablehlo_program_needs_jax_alone(tmp_path, names):
  check(differences(tmp_path, 'stablehlo', JAX, names), names)


@pytest.mark.parametrize(
  'names', [QUICK, small.slow([n for n in NAMES if n not in QUICK])]
)
def test_an_onnx_model_needs_onnx_runtime_alone(tmp_path, names):
  """CI does not install the extra `onnx`; run it where it is installed."""
  pytest.importorskip('onnxruntime')
  pytest.importorskip('onnx')
  found = differences(tmp_path, 'onnx', ONNX, names)
  check(found, names)
  report = pathlib.Path('/dev/stderr')
  report.write_text(json.dumps(found, indent=1))
