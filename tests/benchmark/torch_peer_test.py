"""The PyTorch peer computes what jaxgan computes; needs torch."""

import importlib.util
import math
import pathlib

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import small

from jaxgan.benchmark.settings import NETS, Settings, configuration
from jaxgan.gan import penalty, problem

torch = pytest.importorskip('torch')

PATH = pathlib.Path(__file__).parents[2] / 'docs' / 'torch_peer.py'
KINDS = {
  'Linear': 'Dense', 'Conv2d': 'Conv', 'Transposed': 'UpConv',
  'BatchNorm2d': 'BatchNorm', 'GroupNorm': 'LayerNorm', 'Block': 'Block',
}  # fmt: skip


@pytest.fixture(scope='module')
def peer():
  spec = importlib.util.spec_from_file_location('torch_peer', PATH)
  module = importlib.util.module_from_spec(spec)
  spec.loader.exec_module(module)
  return module


def layers(module):
  """The layers with a counterpart in jaxgan, in the order of their calls."""
  for child in module.children():
    if type(child).__name__ in KINDS:
      yield child
    else:
      yield from layers(child)


def arrays(module, params):
  """Parameters of jaxgan as those of torch: pairs (of torch, of jaxgan).

  torch pads a strided convolution on both sides alike, jaxgan one more at the
  end. So torch computes with images and kernels mirrored along both sides.
  """
  counts = dict.fromkeys(KINDS, 0)
  for layer in layers(module):
    kind = type(layer).__name__
    tree = params[f'{KINDS[kind]}_{counts[kind]}']
    counts[kind] += 1
    if kind == 'Block':
      # Its modules are listed by kind: jaxgan calls them in the same order.
      yield from arrays(layer, tree)
      continue
    weight = np.asarray(tree.get('kernel', tree.get('scale')))
    bias = np.asarray(tree['bias'])
    if kind == 'Conv2d':
      weight = weight[::-1, ::-1].transpose(3, 2, 0, 1)
    elif kind == 'Transposed':
      weight = weight.transpose(2, 3, 0, 1)
    elif kind == 'Linear':
      weight, bias = linear(weight, bias)
    yield layer.weight, weight
    yield layer.bias, bias


def linear(kernel, bias):
  """Mirrors the sides of the 4x4 feature maps, where a layer has them."""
  inputs, outputs = kernel.shape
  if inputs == 128 and outputs > 1:  # From the latent.
    bias = bias.reshape(4, 4, -1)[::-1, ::-1].transpose(2, 0, 1).ravel()
    kernel = kernel.reshape(128, 4, 4, -1)[:, ::-1, ::-1]
    return kernel.transpose(3, 1, 2, 0).reshape(outputs, 128), bias
  if outputs == 1 and inputs >= 4096:  # Of flattened features.
    kernel = kernel.reshape(4, 4, -1)[::-1, ::-1].transpose(2, 0, 1)
    return kernel.reshape(1, inputs), bias
  return kernel.T, bias


def mirrored(x):
  if x.ndim == 2:
    return torch.tensor(np.asarray(x))
  x = np.asarray(x)[:, ::-1, ::-1].transpose(0, 3, 1, 2)
  return torch.tensor(np.ascontiguousarray(x))


def losses(networks, z, real, alpha):
  """Both losses of jaxgan with their gradients."""

  def score(critic, x):
    return networks.score(critic, None, jax.random.key(0))(x)

  def generate(gen):
    return networks.generate(gen, z, jax.random.key(0))[0]

  def critic_loss(params, critic, fake):
    critic = {**critic, 'params': params}
    points = real + alpha * (fake - real)
    slope = penalty.slopes(lambda x: score(critic, x), points)
    gap = score(critic, real).mean() - score(critic, fake).mean()
    return 10 * penalty.two_sided(slope, 1.0) - gap

  def gen_loss(params, gen, critic):
    return -score(critic, generate({**gen, 'params': params})).mean()

  @jax.jit
  def both(gen, critic):
    fake = generate(gen)
    return (
      fake,
      jax.value_and_grad(critic_loss)(critic['params'], critic, fake),
      jax.value_and_grad(gen_loss)(gen['params'], gen, critic),
    )

  return both


@pytest.mark.parametrize(
  'net', ['toy', *map(small.slow, ['mnist', 'cifar_resnet', 'dcgan64'])]
)
def test_losses_and_gradients_are_those_of_jaxgan(net, peer):
  torch.manual_seed(0)
  shape = NETS[net][1]
  config = configuration(Settings(net=net, batch=2, conv='matmul'))
  networks = problem.build(config, shape).networks
  variables = networks.init(jax.random.key(0))
  rng = np.random.default_rng(0)
  z, real = (
    rng.uniform(-1, 1, (2, *s)).astype(np.float32)
    for s in ((networks.latents.width,), shape)
  )
  alpha = rng.uniform(size=(2,) + (1,) * len(shape)).astype(np.float32)
  both = losses(networks, jnp.asarray(z), jnp.asarray(real), jnp.asarray(alpha))
  fake, (cost, grads), (gen_cost, gen_grads) = both(*variables)

  nets = peer.NETS[net][2]()
  for module, tree in zip(nets, variables, strict=True):
    pairs = list(arrays(module, tree['params']))
    assert len(pairs) == len(list(module.parameters()))
    for parameter, value in pairs:
      assert parameter.shape == value.shape
      parameter.data = torch.tensor(np.ascontiguousarray(value))
  theirs = peer.Losses(*nets, 'cpu', 'fp32')
  their_fake = theirs.detached(torch.tensor(z))
  close(their_fake, mirrored(fake))
  examples = mirrored(real), their_fake, torch.tensor(alpha)
  for loss in (theirs.critic_loss, theirs.eager_critic_loss):
    nets[1].zero_grad()
    value = loss(*examples)
    value.backward()
    assert value.item() == pytest.approx(float(cost), rel=1e-4)
    for parameter, expected in arrays(nets[1], grads):
      close(parameter.grad, expected)
  nets[0].zero_grad()
  value = theirs.gen_loss(torch.tensor(z))
  value.backward()
  assert value.item() == pytest.approx(float(gen_cost), rel=1e-4, abs=1e-6)
  for parameter, expected in arrays(nets[0], gen_grads):
    close(parameter.grad, expected)


def close(found, expected):
  found, expected = (np.asarray(x) for x in (found, expected))
  scale = max(float(np.abs(expected).max()), 1e-3)
  np.testing.assert_allclose(found, expected, rtol=0, atol=2e-3 * scale)


@pytest.mark.parametrize('net', ['toy', 'mnist', 'cifar_resnet', 'dcgan64'])
def test_the_networks_have_as_many_parameters(net, peer):
  config = configuration(Settings(net=net))
  networks = problem.build(config, NETS[net][1]).networks
  shapes = jax.eval_shape(lambda: networks.init(jax.random.key(0)))
  ours = sum(
    math.prod(leaf.shape)
    for tree in shapes
    for leaf in jax.tree.leaves(tree['params'])
  )
  nets = peer.NETS[net][2]()
  assert ours == sum(p.numel() for n in nets for p in n.parameters())
