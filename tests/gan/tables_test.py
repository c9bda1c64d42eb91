"""Packs of rows in a training step, and the loss of the label."""

import dataclasses
import itertools

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import small

from jaxgan.config import Data, from_config_dict
from jaxgan.data import sources
from jaxgan.gan import penalty, tables
from jaxgan.gan import problem as problem_lib
from jaxgan.gan import state as state_lib
from jaxgan.gan import step as step_lib
from jaxgan.nets.segments import Layout
from jaxgan.training import batches
from jaxgan.types import Batch


def config(**sections):
  values = {
    'data': {
      'name': 'mixed_table', 'mock_examples': 64, 'condition': 'all',
    },
    'net': {
      'name': 'table_mlp', 'latent_size': 4, 'gen_widths': (8,), 'pack': 2,
      'critic_widths': (8,), 'gen_norm': 'batch',
    },
    'train': {'batch_size': 8, 'critic_steps': 2},
  }  # fmt: skip
  for name, section in sections.items():
    values[name] = values.get(name, {}) | section
  return from_config_dict(values)


@pytest.fixture(scope='module')
def dataset():
  return sources.load(config().data)


def run(config, dataset, steps=3):
  """States after each of so many steps, and the metrics of the last one."""
  problem = problem_lib.of_dataset(config, dataset)
  step = step_lib.make_train_step(problem, small.mesh())
  state, states, metrics = state_lib.create(problem), [], {}
  layout = small.mesh_lib.shardings(small.mesh()).batch
  source = batches.build(config, dataset, layout)(0)
  for batch in itertools.islice(source, steps):
    state, metrics = step(state, batch)
    states.append(jax.device_get(state.variables))
  source.close()
  return states, jax.device_get(metrics)


@pytest.mark.slow
def test_a_step_trains_on_packs(dataset):
  states, metrics = run(config(), dataset)
  assert all(np.isfinite(value) for value in metrics.values())
  changed = jax.tree.map(lambda a, b: (a != b).any(), states[0], states[2])
  # All but the last bias of a Wasserstein critic, which has no effect.
  assert sum(not leaf for leaf in jax.tree.leaves(changed)) == 1


def test_a_pack_is_one_example(dataset):
  problem = problem_lib.of_dataset(config(), dataset)
  assert problem.config.net.classes == dataset.num_classes == 5
  rows = jnp.asarray(dataset.images[:8])[None]
  label = jnp.arange(8)[None] % 5
  packs = problem.prepare(jax.random.key(0), Batch(rows, label))
  width = problem.networks.table.layout.width
  assert problem.shape == (2, width)
  assert packs.image.shape == (1, 4, 2, width)
  assert packs.label.tolist() == [[[0, 1], [2, 3], [4, 0], [1, 2]]]

  @jax.jit
  def score_fakes(key):
    nets, label = problem.networks, packs.label[0]
    z = problem.latents.draw(key, 4, label)
    assert z.shape == (4, 2, problem.latents.width)
    variables = nets.init(key)
    score = nets.score(variables.critic, label, key)
    fake, _ = nets.generate(variables.gen, z, key)
    gradient = jax.grad(lambda x: score(x).sum())(fake)
    return fake, score(fake), gradient, penalty.slopes(score, fake)

  fake, scores, gradient, slopes = score_fakes(jax.random.key(0))
  assert (fake.shape, scores.shape) == ((4, 2, width), (4,))
  # The gradient norm is that over the whole pack.
  expected = np.sqrt((np.asarray(gradient) ** 2).sum(axis=(1, 2)))
  np.testing.assert_allclose(slopes, expected, rtol=1e-3)


def test_the_critic_reads_the_label_of_each_row(dataset):
  problem = problem_lib.of_dataset(config(), dataset)
  variables = problem.networks.init(jax.random.key(0))
  x = jnp.zeros((1, *problem.shape))

  def score(*label):
    critic = problem.networks.score(
      variables.critic, jnp.array([label]), jax.random.key(0)
    )
    return float(critic(x)[0])

  assert len({score(0, 0), score(0, 1), score(1, 0)}) == 3


def test_the_loss_of_the_label_is_its_cross_entropy():
  layout = Layout((0, 2, 3), ((1, 0), (1, 1), (2, 2)))
  made = tables.Tables(layout, 1, 0.5)
  fake = jnp.array([[[9, 0.25, 0.75, 0.1, 0.1, 0.8]], [[9, 1, 0, 1, 0, 0]]])
  value = made.cost(fake, jnp.array([[1], [0]]))
  assert float(value) == pytest.approx(-0.5 * np.log(0.75) / 2)
  # Finite where the softmax is 0.
  lost = jax.value_and_grad(made.cost)(fake, jnp.array([[2], [2]]))
  chex.assert_tree_all_finite(lost)
  assert made._replace(layout=Layout((0, 2, 3))).cost(fake, None) == 0


@pytest.mark.slow
def test_the_loss_of_the_label_is_used(dataset):
  one, _ = run(config(loss={'condition': 1.0}), dataset, 1)
  none, _ = run(config(loss={'condition': 0.0}), dataset, 1)
  chex.assert_trees_all_equal(one[0].critic, none[0].critic)
  same = jax.tree.map(
    lambda a, b: np.array_equal(a, b), one[0].gen['params'],
    none[0].gen['params'],
  )  # fmt: skip
  assert not all(jax.tree.leaves(same))


@pytest.mark.slow
def test_a_table_without_conditions_and_with_parts_trains(dataset):
  plain = Data(name='mixed_table', mock_examples=64)
  unconditional = config(data={'condition': ''}, net={'pack': 1})
  _, metrics = run(unconditional, sources.load(plain))
  assert all(np.isfinite(value) for value in metrics.values())
  parts = config(
    train={'microbatches': 2, 'batch_size': 8, 'critic_steps': 2},
    net={'gen_norm': 'none'},
  )
  whole = dataclasses.replace(
    parts, train=dataclasses.replace(parts.train, microbatches=1)
  )
  one, other = (run(each, dataset, 1)[1] for each in (parts, whole))
  chex.assert_trees_all_close(one, other, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize(
  ('sections', 'sentence'),
  [
    ({'net': {'classes': 5}}, 'follow from data.condition'),
    ({'net': {'pack': 3}}, 'it must be a multiple of the pack'),
    ({'net': {'critic_label': 'projection'}}, 'it must be concat'),
    ({'net': {'latent': 'uniform'}}, 'becomes Gumbel noise'),
    ({'data': {'name': 'digits', 'condition': ''}}, 'rows of a mixed_table'),
    (
      {'data': {'name': 'digits'}, 'net': {'pack': 1}},
      'only a mixed_table has it',
    ),
    ({'net': {'code_classes': 2}}, 'has no codes'),
  ],
)
def test_settings_that_do_not_fit_end_with_a_sentence(sections, sentence):
  with pytest.raises(ValueError, match=sentence):
    config(**sections)


def test_a_net_of_images_is_refused(dataset):
  other = config(net={'name': 'dcgan', 'gen_norm': 'none'})
  with pytest.raises(ValueError, match='the data are a table; it must be'):
    problem_lib.of_dataset(other, dataset)
