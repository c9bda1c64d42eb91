"""Exported programs give jaxgan's own numbers in a process without jaxgan."""

import dataclasses
import json
import subprocess
import sys

import jax
import numpy as np
import pytest
import small
import untrained

import jaxgan
from jaxgan.exporting import metadata, write
from jaxgan.exporting import nets as nets_lib
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
    with np.load(folder / f'{name}.npz') as arrays:
      inputs = [arrays[port['name']] for port in net['inputs']]
    for size in (4, 8) if name == 'generator' else (8,):
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
    with np.load(folder / f'{name}.npz') as arrays:
      inputs = {x.name: arrays[x.name] for x in session.get_inputs()}
    for size in (4, 8) if name == 'generator' else (8,):
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
# One of each net; the test of ONNX, which CI skips, has all.
SOME = 'dcgan', 'resnet_labels', 'biggan_labels', 'stylegan', 'r3gan_labels'


def inputs_of(net):
  """Eight random inputs."""
  rng = np.random.default_rng(1)
  return {
    port.name: rng.normal(size=(8, *port.shape)).astype(np.float32)
    if port.dtype == 'float32'
    else rng.integers(0, 3, 8).astype(np.int32)
    for port in net.inputs
  }


def own_numbers(problem, name, variables, inputs):
  """The outputs of the run's own networks, with its own convolutions."""
  net = dataclasses.replace(problem.config.net, critic_dropout=0.0)
  networks = networks_lib.build(net, problem.shape)

  @jax.jit
  def outputs(variables, inputs):
    if name == 'generator':
      return networks.sample(variables, nets_lib.join(problem.latents, inputs))
    x, label = networks.real(inputs['image']), inputs.get('label')
    return networks.score(variables, label, jax.random.key(0))(x)

  return np.asarray(outputs(variables, inputs))


def export(folder, kind, name):
  """Exports both nets of a config; returns their own numbers."""
  config = jaxgan.load_config(*NAMES[name])
  problem = untrained.problem(config)
  (folder / name).mkdir()
  facts, expected = {}, {}
  variables = untrained.variables(problem)._asdict()
  for field, net_name in ('gen', 'generator'), ('critic', 'critic'):
    net = nets_lib.build(problem, net_name, variables[field], 'float32')
    content = write.serialize(net, kind, {})
    file = f'{net_name}.{kind}'
    (folder / name / file).write_bytes(content)
    facts[net_name] = metadata.of_net(net, file, content)
    inputs = inputs_of(net)
    np.savez(folder / name / f'{net_name}.npz', **inputs)
    expected[net_name] = own_numbers(
      problem, net_name, variables[field], inputs
    )
  text = json.dumps({'nets': facts})
  (folder / name / 'metadata.json').write_text(text)
  return expected


def differences(folder, kind, program, names):
  """{net of a run: largest difference in another process}."""
  expected = {name: export(folder, kind, name) for name in names}
  subprocess.run(
    [sys.executable, '-c', program, *names],
    check=True, env=small.environment(), cwd=folder,
  )  # fmt: skip
  found = {}
  for name, own in expected.items():
    for net, numbers in own.items():
      other = np.load(folder / name / f'{net}_8.npy')
      assert other.shape == numbers.shape
      assert np.std(other) > 1e-3
      scale = max(1, np.abs(numbers).max())
      found[f'{name} {net}'] = float(np.abs(other - numbers).max() / scale)
    few = np.load(folder / name / 'generator_4.npy')
    np.testing.assert_allclose(few, own['generator'][:4], atol=1e-5)
  return found


def check(found, names):
  assert len(found) == 2 * len(names)
  assert {k: v for k, v in found.items() if not v < 1e-5} == {}


@pytest.mark.parametrize('names', [QUICK, small.slow(SOME)])
def test_a_stablehlo_program_needs_jax_alone(tmp_path, names):
  found = differences(tmp_path, 'stablehlo', JAX, names)
  check(found, names)
  print(found)


@pytest.mark.parametrize(
  'names', [QUICK, small.slow([n for n in NAMES if n not in QUICK])]
)
def test_an_onnx_model_needs_onnx_runtime_alone(tmp_path, names):
  """CI does not install the extra `onnx`; run it where it is installed."""
  pytest.importorskip('onnxruntime')
  pytest.importorskip('onnx')
  found = differences(tmp_path, 'onnx', ONNX, names)
  check(found, names)
  print(found)
