"""Tables of the nets: true shapes, and every parameter counted once."""

import itertools

import flax.linen as nn
import jax
import pytest

from jaxgan.config import Net
from jaxgan.config.translation import NETS as TRANSLATE
from jaxgan.nets import catalog, latents, tables
from jaxgan.types import Pair

NETS = {
  'mlp': {'gen_norm': 'batch', 'critic_norm': 'layer'},
  'dcgan': {'gen_up': 'nearest', 'critic_dropout': 0.1},
  'resnet': {'gen_norm': 'batch', 'critic_stem': 'optimised'},
  'biggan': {'gen_norm': 'batch', 'attention': 8},
  'stylegan': {'mapping_layers': 2, 'style_size': 5},
  'multiscale': {'gen_norm': 'batch'},
  'r3gan': {},
}
# Pairs that config.validate refuses.
REFUSED = {
  ('biggan', 'spectral'),
  ('biggan', 'autoencoder'),
  ('stylegan', 'spectral'),
  ('stylegan', 'autoencoder'),
  ('multiscale', 'concat'),
  ('multiscale', 'autoencoder'),
  ('r3gan', 'spectral'),
  ('r3gan', 'autoencoder'),
}
HEADS = {
  'plain': {},
  'concat': {'classes': 3},
  'projection': {'classes': 3, 'critic_label': 'projection'},
  'auxiliary': {
    'classes': 3,
    'critic_label': 'auxiliary',
    'code_classes': 2,
    'code_size': 2,
  },
  'spectral': {'gen_norm': 'spectral', 'critic_norm': 'spectral'},
  'autoencoder': {'critic_head': 'autoencoder'},
}


def net(name, **changes):
  changes = {'gen_widths': (8, 8), 'critic_widths': (4, 8), **changes}
  return Net(name=name, latent_size=4, **changes)


def described(config, shape):
  """The rows of both nets, and their variables."""
  nets, width = catalog.build(config, shape), latents.of(config).width
  variables = jax.eval_shape(
    lambda: catalog.init(nets, jax.random.key(0), width, shape)
  )
  return tables.rows(nets, width, shape), variables


@pytest.mark.parametrize(
  ('name', 'head'),
  [pair for pair in itertools.product(NETS, HEADS) if pair not in REFUSED],
)
def test_every_parameter_of_the_catalog_is_counted(name, head):
  config = net(name, **NETS[name] | HEADS[head])
  modules, variables = described(config, (8, 8, 1))
  for of_net, theirs in zip(modules, variables, strict=True):
    leaves = jax.tree.leaves(theirs['params'])
    assert sum(m.parameters for m in of_net) == sum(x.size for x in leaves)
    assert all(m.output for m in of_net)
  assert modules.gen[0][2] == '[B, 8, 8, 1]'
  assert modules.critic[0][2] == '[B]'


def test_every_net_of_the_catalog_is_tried():
  # Those of tables need its columns: tests/nets/segments_test.py.
  assert {*NETS, *TRANSLATE, 'table_mlp'} == set(catalog.NETS)


def test_the_critic_of_a_translation_reads_the_input():
  nets = catalog.build(net('unet'), (8, 8, 3))
  gen, critic = tables.rows(nets, 8 * 8, (8, 8, 3))
  assert (gen[0].output, critic[0].output) == ('[B, 8, 8, 3]', '[B, 4]')
  assert critic[1].parameters == 5 * 5 * (3 + 1) * 4 + 4


def test_vectors():
  (gen, critic), _ = described(net('mlp'), (2,))
  assert [m.output for m in gen] == ['[B, 2]', '[B, 8]', '[B, 8]', '[B, 2]']
  assert [m.parameters for m in critic] == [0, 2 * 4 + 4, 4 * 8 + 8, 8 + 1]


def test_a_block_comes_before_its_layers_and_is_not_counted_twice():
  modules, _ = described(net('resnet', critic_widths=(4, 6)), (8, 8, 1))
  block = ('Block_0',)
  # 3x3 from 4 to 4 channels, 3x3 from 4 to 6, 1x1 from 4 to 6; halved.
  assert [tuple(m) for m in modules.critic[2:6]] == [
    (block, 'Block', '[B, 4, 4, 6]', 0),
    ((*block, 'Conv_0'), 'Conv', '[B, 8, 8, 4]', 9 * 4 * 4 + 4),
    ((*block, 'Conv_1'), 'Conv', '[B, 8, 8, 6]', 9 * 4 * 6 + 6),
    ((*block, 'Conv_2'), 'Conv', '[B, 4, 4, 6]', 4 * 6 + 6),
  ]


class Tied(nn.Module):
  """A net with a module whose __call__ is never called."""

  @nn.compact
  def __call__(self, x, label=None, *, train):
    return nn.Embed(3, x.shape[-1]).attend(x)


def test_parameters_of_uncalled_modules_are_counted_at_their_parent():
  modules = tables.rows(Pair(Tied(), Tied()), 4, (2,))
  assert modules == (
    [((), 'Tied', '[B, 3]', 3 * 4)],
    [((), 'Tied', '[B, 3]', 3 * 2)],
  )


@pytest.mark.parametrize('name', NETS)
def test_tables_fit_80_columns(name):
  config = net(name, **NETS[name], classes=3, critic_label='projection')
  nets = catalog.build(config, (8, 8, 1))
  text = tables.tabulate(nets, latents.of(config).width, (8, 8, 1))
  assert max(map(len, text.splitlines())) <= 80
