"""The tables of --describe: true shapes, true counts, and nothing left."""

import itertools
import os
import pathlib
import subprocess
import sys

import flax.linen as nn
import jax
import pytest
import small

from jaxgan.config import Net
from jaxgan.nets import catalog, latents
from jaxgan.training import describe
from jaxgan.types import Pair

ROOT = pathlib.Path(__file__).parents[2]

# By hand. Dense_0: 4 * 8 + 8, Dense_1: 8 * 64 + 64; 64 * 8 + 8, 8 + 1.
MLP = """\
digits: latents [B, 4], examples [B, 8, 8, 1]; B is the size of a batch.

generator  output        parameters
Generator  [B, 8, 8, 1]
  Dense_0  [B, 8]                40
  Dense_1  [B, 64]              576
total                           616

critic     output  parameters
Critic     [B]
  Dense_0  [B, 8]         520
  Dense_1  [B, 1]           9
total                     529

Both nets have 1,145 parameters.
"""

NETS = {
  'mlp': {'gen_norm': 'batch', 'critic_norm': 'layer'},
  'dcgan': {'gen_up': 'nearest', 'critic_dropout': 0.1},
  'resnet': {'gen_norm': 'batch', 'critic_stem': 'optimised'},
  'biggan': {'gen_norm': 'batch', 'attention': 8},
  'stylegan': {'mapping_layers': 2, 'style_size': 5},
  'multiscale': {'gen_norm': 'batch'},
}
# What the net's own tests show to be refused.
REFUSED = {
  ('biggan', 'spectral'),
  ('biggan', 'autoencoder'),
  ('stylegan', 'spectral'),
  ('stylegan', 'autoencoder'),
  ('multiscale', 'concat'),
  ('multiscale', 'autoencoder'),
}
HEADS = {
  'plain': {},
  'concat': {'classes': 3},
  'projection': {'classes': 3, 'critic_label': 'projection'},
  'guesses': {
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
  """The modules of both nets, and their variables."""
  nets, width = catalog.build(config, shape), latents.of(config).width
  variables = jax.eval_shape(
    lambda: catalog.init(nets, jax.random.key(0), width, shape)
  )
  return describe.of_nets(nets, width, shape), variables


@pytest.mark.parametrize(
  ('name', 'head'),
  [pair for pair in itertools.product(NETS, HEADS) if pair not in REFUSED],
)
def test_every_parameter_of_the_catalogue_is_counted(name, head):
  config = net(name, **NETS[name] | HEADS[head])
  modules, variables = described(config, (8, 8, 1))
  for of_net, theirs in zip(modules, variables, strict=True):
    assert sum(m.parameters for m in of_net) == catalog.count(theirs)
    assert all(m.output for m in of_net)
  assert modules.gen[0][2] == '[B, 8, 8, 1]'
  assert modules.critic[0][2] == '[B]'


def test_every_net_of_the_catalogue_is_tried():
  assert set(NETS) == set(catalog.NETS)


def test_vectors():
  (gen, critic), _ = described(net('mlp'), (2,))
  assert [m.output for m in gen] == ['[B, 2]', '[B, 8]', '[B, 8]', '[B, 2]']
  assert [m.parameters for m in critic] == [0, 2 * 4 + 4, 4 * 8 + 8, 8 + 1]


def test_a_block_stands_above_what_is_in_it_and_is_not_counted_twice():
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
  """A net with a module inside that is not called but asked otherwise."""

  @nn.compact
  def __call__(self, x, label=None, *, train):
    return nn.Embed(3, x.shape[-1]).attend(x)


def test_what_no_called_module_owns_is_counted_above_it():
  modules = describe.of_nets(Pair(Tied(), Tied()), 4, (2,))
  assert modules == (
    [((), 'Tied', '[B, 3]', 3 * 4)],
    [((), 'Tied', '[B, 3]', 3 * 2)],
  )


def test_the_text_of_a_small_net():
  assert describe.describe(small.config()) == MLP


def test_a_name_that_is_no_class_says_the_class():
  config = small.config(net={'classes': 10})
  text = describe.describe(config)
  assert 'latents [B, 14]' in text
  assert '\n  trunk (Critic)  [B, 8]\n    Dense_0       [B, 8]' in text


@pytest.mark.parametrize(
  ('sections', 'sentence'),
  [
    ({'net': {'classes': 3}}, 'net.classes is 3 and digits has 10 classes'),
    ({'net': {'name': 'mlpp'}}, 'mlpp'),
    ({'data': {'name': 'digitz'}}, 'digitz'),
    (
      {'data': {'name': 'gaussians8'}, 'regularisers': {'augment': ('flip',)}},
      'regularisers.augment',
    ),
  ],
)
def test_what_no_run_would_take_is_refused(sections, sentence):
  with pytest.raises(ValueError, match=sentence):
    describe.describe(small.config(**sections))


def main(folder, *arguments):
  return subprocess.run(
    [
      sys.executable, '-m', 'jaxgan.main',
      f'--config={ROOT}/configs/zoo/cgan.py:tiny', *arguments,
    ],
    cwd=folder, capture_output=True, text=True, check=False,
    env=os.environ | {
      'PYTHONPATH': str(ROOT), 'XLA_FLAGS': '', 'TFDS_DATA_DIR': str(folder),
      'XDG_CACHE_HOME': str(folder),
    },
  )  # fmt: skip


def test_the_command_needs_no_workdir_and_leaves_nothing(tmp_path):
  done = main(tmp_path, '--describe', '--config.net.latent_size=5')
  assert done.returncode == 0, done.stderr
  assert done.stdout.startswith('digits: latents [B, 15], examples')
  assert done.stderr == ''
  assert not list(tmp_path.iterdir())


@pytest.mark.parametrize('arguments', [(), ('--workdir=',)])
def test_a_run_needs_a_workdir(tmp_path, arguments):
  done = main(tmp_path, *arguments)
  assert done.returncode == 1
  assert '--workdir must say where the run lives' in done.stderr
  assert 'Traceback' not in done.stderr
  assert not list(tmp_path.iterdir())
