"""Every product of the programs has the precision of `train.precision`.

Read from the lowered programs (StableHLO): that of matrix products and
convolutions, forward, backward and backward of backward.
"""

import collections
import re

import inception_random
import jax
import jax.numpy as jnp
import pytest
import small

from jaxgan.config import from_config_dict
from jaxgan.evaluation import restore
from jaxgan.gan import generator as generator_lib
from jaxgan.gan import state as state_lib
from jaxgan.gan import step as step_lib
from jaxgan.gan import vmapped
from jaxgan.metrics import classifier_net, inception, inception_weights
from jaxgan.nets.precision import PRODUCTS
from jaxgan.storage import workdir
from jaxgan.study import probe
from jaxgan.training import plan

SHAPE = (8, 8, 1)
HIGHEST, HIGH = (name.upper() for name in ('highest', 'high'))

NETS = {
  'mlp': {'critic_norm': 'layer'},
  'dcgan': {'gen_norm': 'batch', 'critic_norm': 'layer', 'attention': 4},
  'dcgan, spectral': {'critic_norm': 'spectral'},
  'dcgan, cudnn': {'conv': 'cudnn'},
  'dcgan, matmul': {'conv': 'matmul'},
  # Large enough for Winograd (`winograd.is_faster`).
  'dcgan, winograd': {
    'conv': 'winograd', 'gen_widths': (32, 32), 'critic_widths': (32, 64),
  },
  'resnet': {'gen_widths': (8, 8), 'critic_widths': (8, 8)},
  'biggan': {
    'gen_norm': 'batch', 'gen_widths': (8, 8), 'critic_widths': (8, 8),
  },
  'stylegan': {
    'gen_widths': (8, 8), 'critic_widths': (8, 8), 'minibatch_group': 2,
  },
  'multiscale': {'gen_widths': (8, 8), 'critic_widths': (8, 8)},
  'r3gan': {'gen_widths': (8, 8), 'critic_widths': (8, 8)},
  'r3gan, matmul': {
    'gen_widths': (8, 8), 'critic_widths': (8, 8), 'conv': 'matmul',
  },
}  # fmt: skip


def config(name, precision='float32', **sections):
  net = {'name': name.split(',')[0], **NETS[name]}
  train = {'precision': precision, 'batch_size': 64}
  return small.config(net=net, train=train, **sections)


def abstract(config):
  """Problem, state and batch, without values."""
  problem = small.problem(config, SHAPE)
  state = jax.eval_shape(lambda: state_lib.create(problem))
  return problem, state, plan._abstract_batch(config, SHAPE)


def step_text(config):
  problem, state, batch = abstract(config)
  step = step_lib.make_train_step(problem, small.mesh())
  return step.lower(state, batch).as_text()


def products(text):
  """(operation, type of the operands, precision) -> number in a program."""
  found = collections.Counter()
  for line in text.splitlines():
    kind = re.search(r'stablehlo\.(dot_general|convolution)', line)
    if kind:
      config = re.search(r'precision\w* = \[(.*?)\]', line)
      words = re.findall(r'\b(?:DEFAULT|HIGHEST|HIGH)\b', config[1]) or ['none']
      (operand,) = re.findall(r': \(tensor<[^>]*?(f32|bf16)>,', line)
      assert len(set(words)) == 1
      found[kind[1], operand, words[0]] += 1
  return found


def precisions(text, operand='f32'):
  return {p for (_, found, p) in products(text) if found == operand}


@pytest.mark.parametrize('name', small.quick(NETS, 'mlp', 'dcgan, cudnn'))
def test_a_float32_step_is_float32_on_every_device(name):
  found = products(step_text(config(name)))
  assert {p for _, _, p in found} == {HIGHEST}
  conv = NETS[name].get('conv', 'lax')
  if name != 'mlp' and conv in ('lax', 'cudnn'):
    assert sum(found[key] for key in found if key[0] == 'convolution') > 10
  else:
    assert {kind for kind, _, _ in found} == {'dot_general'}


@pytest.mark.parametrize('name', small.quick(NETS, 'mlp'))
@pytest.mark.parametrize('precision', ['tf32', 'bf16'])
def test_the_nets_alone_have_another_precision(name, precision):
  if 'winograd' in name and precision == 'tf32':
    pytest.skip('refused by the configuration')
  found = products(step_text(config(name, precision)))
  if precision == 'bf16':
    # HIGHEST changes no product of bfloat16; see docs/gpu.md.
    assert sum(n for (_, type_, _), n in found.items() if type_ == 'bf16') > 4
  else:
    high = {key: n for key, n in found.items() if key[2] == HIGH}
    rest = {key: n for key, n in found.items() if key[2] != HIGH}
    assert sum(high.values()) > 20
    # The random directions of the diversity in the metrics.
    assert rest == {('dot_general', 'f32', HIGHEST): 2}


@pytest.mark.parametrize('precision', PRODUCTS)
def test_losses_and_regularizers_are_float32(precision):
  plain = config('mlp', precision)
  more = config(
    'mlp',
    precision,
    regularisers={'orthogonal': 1.0},
    penalty={'distance': 'sliced'},
  )
  before, after = (products(step_text(each)) for each in (plain, more))
  key = 'dot_general', 'f32', HIGHEST
  assert after - before == {key: after[key] - before[key]}
  assert after[key] > before[key]


@pytest.mark.parametrize('mapping', ['vmap', 'map'])
def test_replicas_have_it_too(mapping):
  replicas = vmapped.Replicas(config('mlp', 'tf32'), {'seed': (0, 1)})
  problem, state, batch = abstract(replicas.config)
  states, batches = (
    jax.tree.map(lambda x: jax.ShapeDtypeStruct((2, *x.shape), x.dtype), tree)
    for tree in (state, batch)
  )
  step = vmapped.make_train_step(replicas, problem, small.mesh(), mapping)
  text = step.func.lower(*step.args, states, batches).as_text()
  assert precisions(text) == {HIGH, HIGHEST}
  text = probe.make_probe(problem).lower(states, batches).as_text()
  assert precisions(text) == {HIGH}


@pytest.mark.parametrize(('precision', 'expected'), PRODUCTS.items())
def test_a_restored_run_has_the_precision_of_its_training(
  precision, expected, tmp_path
):
  trained = config('mlp', precision)
  workdir.write_config(tmp_path, trained)
  workdir.write_data(tmp_path, {'shape': SHAPE, 'num_classes': 0})
  problem = restore.load_problem(tmp_path)
  _, state, _ = abstract(trained)
  generate = generator_lib._generate(problem.networks, 1.0)
  text = generate.lower(state.ema, jnp.zeros((2, 4))).as_text()
  assert precisions(text) == {expected.upper()}
  assert ('bf16' in text) == (precision == 'bf16')


def test_styles_are_mixed_in_it():
  problem, state, _ = abstract(config('stylegan', 'tf32'))
  mix = generator_lib._mix(problem.networks, 0.5)
  z = jnp.zeros((2, 4))
  text = mix.lower(state.ema, z, z, jnp.zeros(2, jnp.int32)).as_text()
  assert precisions(text) == {HIGH}


def test_the_critic_of_a_run_scores_in_it(tmp_path, monkeypatch):
  trained = config('mlp', 'tf32')
  state = state_lib.create(small.problem(trained, SHAPE))
  monkeypatch.setattr(
    restore, 'load_state', lambda _: (small.problem(trained, SHAPE), state)
  )
  score = restore.load_critic(tmp_path).score
  text = score.func.lower(*score.args, jnp.zeros((2, *SHAPE))).as_text()
  assert precisions(text) == {HIGH}


def test_features_of_metrics_do_not_depend_on_the_precision_of_training():
  images = jnp.zeros((2, 28, 28, 1), jnp.uint8)
  net = classifier_net.build(images.shape[1:])
  params = jax.eval_shape(
    classifier_net.initializer(images.shape[1:]), jax.random.key(0)
  )
  for ambient in (None, *PRODUCTS.values()):
    with jax.default_matmul_precision(ambient):
      text = classifier_net._forward.lower(net, params, images).as_text()
    found = products(text)
    assert {key[1:] for key in found} == {('f32', HIGHEST)}
    assert {key[0] for key in found} == {'dot_general', 'convolution'}


@pytest.mark.slow
def test_features_of_inception_do_not_depend_on_it_either(tmp_path):
  arrays = inception_weights.from_torch(inception_random.state_dict())
  path = tmp_path / 'inception.npz'
  inception_weights.save(path, arrays, '0' * 64)
  variables = inception_weights.load(path).variables
  images = jnp.zeros((2, 24, 32, 3), jnp.uint8)
  for ambient in (None, 'bfloat16'):
    with jax.default_matmul_precision(ambient):
      text = jax.jit(inception.embed).lower(variables, images).as_text()
    found = products(text)
    assert {key[1:] for key in found} == {('f32', HIGHEST)}
    assert sum(n for key, n in found.items() if key[0] == 'convolution') > 90


def test_the_precision_of_the_environment_changes_nothing():
  with jax.default_matmul_precision('bfloat16'):
    text = step_text(config('mlp'))
  assert precisions(text) == {HIGHEST}


def test_winograd_with_tf32_is_refused():
  values = {'net': {'conv': 'winograd'}, 'train': {'precision': 'tf32'}}
  sentence = (
    "train.precision is 'tf32' and net.conv is 'winograd'; Winograd multiplies "
    'the rounding errors of TF32, so name another net.conv, such as auto.'
  )
  with pytest.raises(ValueError, match=f'^{re.escape(sentence)}$'):
    from_config_dict(values)
