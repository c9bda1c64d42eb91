"""Labels and codes in latents, nets, penalty and auxiliary losses."""

import dataclasses
import functools

import chex
import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import small

from jaxgan import config as schema
from jaxgan.config import from_config_dict
from jaxgan.gan import auxiliary, penalty
from jaxgan.gan import networks as networks_lib
from jaxgan.nets import catalog, conditional, latents, layers
from jaxgan.nets.precision import typed

KEY = jax.random.key(0)
SHAPE = (8, 8, 1)
NETS = ('mlp', 'dcgan', 'resnet')
LABEL = jnp.array([0, 1, 2, 0])


def net(name='mlp', **keys):
  widths = {'gen_widths': (12, 8), 'critic_widths': (8, 12)}
  given = {'name': name, 'latent_size': 4, 'conv': 'lax', **widths, **keys}
  return from_config_dict({'net': given}).net


@functools.lru_cache
def made(config, shape=SHAPE):
  """The nets, and random variables of their shapes."""
  pair = catalog.build(config, shape)
  width = latents.of(config).width
  shapes = jax.eval_shape(lambda: catalog.init(pair, KEY, width, shape))
  rng = np.random.default_rng(0)
  fill = lambda x: jnp.array(rng.normal(size=x.shape), x.dtype) / 4
  return pair, jax.tree.map(fill, shapes)


def images(num=4, seed=1, shape=SHAPE):
  rng = np.random.default_rng(seed)
  return jnp.array(rng.uniform(-1, 1, (num, *shape)), jnp.float32)


def scores(config, x, label, shape=SHAPE):
  _, variables = made(config, shape)
  networks = networks_lib.build(config, shape)
  return networks.score(variables.critic, label, KEY)(x)


class Features(nn.Module):
  """A trunk whose features are the examples."""

  outputs: int

  def __call__(self, x, *, train):
    return x


@pytest.mark.parametrize('name', small.quick(NETS, 'mlp'))
@pytest.mark.parametrize('critic_label', ['concat', 'projection'])
def test_a_score_depends_on_the_label(name, critic_label):
  config = net(name, classes=3, critic_label=critic_label)
  x = jnp.tile(images(1), (3, 1, 1, 1))
  found = scores(config, x, jnp.arange(3))
  assert found.shape == (3,)
  assert len(set(np.asarray(found).round(5).tolist())) == 3
  again = scores(config, x, jnp.array([0, 0, 2]))
  chex.assert_trees_all_close(again[jnp.array([0, 2])], found[::2], atol=1e-6)


def test_projection_against_numpy():
  config = net(classes=3, critic_label='projection', critic_widths=(5,))
  _, variables = made(config)
  params = jax.tree.map(np.asarray, variables.critic['params'])
  x = images()
  flat = np.asarray(x).reshape(4, -1)
  hidden = params['trunk']['Dense_0']
  features = np.maximum(flat @ hidden['kernel'] + hidden['bias'], 0)
  head, embed = params['Dense_0'], params['Dense_1']['kernel']
  expected = features @ head['kernel'][:, 0] + head['bias']
  expected += np.sum(embed[np.asarray(LABEL)] * features, axis=1)
  np.testing.assert_allclose(scores(config, x, LABEL), expected, rtol=1e-4)


def test_a_projection_starts_at_the_size_of_the_score():
  """With a larger one the first critics are steep and generators collapse."""
  features = jax.random.normal(KEY, (500, 2048))
  trunk = Features(outputs=-1)
  config = net(classes=5, critic_label='projection')
  critic = conditional.Critic(typed(config), trunk)
  label = jnp.arange(500) % 5
  variables = critic.init(KEY, features, label, train=True)
  whole = critic.apply(variables, features, label, train=True)
  bare = dict(variables['params'])
  bare['Dense_1'] = jax.tree.map(jnp.zeros_like, bare['Dense_1'])
  score = critic.apply({'params': bare}, features, label, train=True)
  assert 0.5 < float((whole - score).std() / score.std()) < 2


def test_a_label_is_appended_to_a_vector():
  config = net(classes=3, critic_label='concat', critic_widths=(5,))
  _, variables = made(config, (2,))
  kernel = variables.critic['params']['trunk']['Dense_0']['kernel']
  assert kernel.shape == (2 + 3, 5)


@pytest.mark.parametrize('name', small.quick(NETS, 'mlp'))
def test_a_critic_with_an_auxiliary_head_ignores_the_label(name):
  config = net(name, classes=3, critic_label='auxiliary')
  x = images()
  chex.assert_trees_all_equal(
    scores(config, x, LABEL), scores(config, x, LABEL[::-1])
  )
  _, variables = made(config)
  networks = networks_lib.build(config, SHAPE)
  heads = networks.score(variables.critic, LABEL, KEY, method='predict')(x)
  assert [head.shape for head in heads] == [(4, 3), (4, 0), (4, 0)]


def test_class_norm_against_numpy():
  x, label = images(8, shape=(3, 3, 2)), jnp.arange(8) % 2
  one_hot = jax.nn.one_hot(label, 2)

  class Norm(layers.nn.Module):
    @layers.nn.compact
    def __call__(self, x):
      return layers.normalize(x, 'batch', typed(net()), True, one_hot)

  variables = Norm().init(KEY, x)
  plain = Norm().apply(variables, x, mutable='batch_stats')[0]
  centered = np.asarray(x) - np.asarray(x).mean((0, 1, 2))
  expected = centered / np.sqrt(np.asarray(x).var((0, 1, 2)) + 1e-5)
  np.testing.assert_allclose(plain, expected, atol=1e-5)
  maps = np.arange(8.0).reshape(2, 4)
  kernel = {'Dense_0': {'kernel': jnp.array(maps, jnp.float32)}}
  found = Norm().apply(
    {**variables, 'params': kernel}, x, mutable='batch_stats'
  )[0]
  of_class = maps[np.asarray(label)][:, None, None]
  expected = expected * (1 + of_class[..., :2]) + of_class[..., 2:]
  np.testing.assert_allclose(found, expected, atol=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize('name', NETS)
@pytest.mark.parametrize('gen_label', ['concat', 'norm'])
def test_a_sample_depends_on_the_label_and_its_noise_stays(name, gen_label):
  config = net(name, classes=3, gen_label=gen_label, gen_norm='batch')
  pair, variables = made(config)
  law = latents.of(config)
  z = [law.draw(KEY, 3, jnp.full(3, label)) for label in range(3)]
  chex.assert_trees_all_equal(z[0][:, :4], z[1][:, :4])
  samples, _ = pair.gen.apply(
    variables.gen, jnp.concatenate(z), train=True, mutable='batch_stats'
  )
  assert samples.shape == (9, *SHAPE)
  samples = samples.reshape(3, 3, *SHAPE)
  for one, other in ((0, 1), (1, 2)):
    assert float(jnp.abs(samples[one] - samples[other]).max()) > 1e-3


@pytest.mark.parametrize('critic_label', ['concat', small.slow('projection')])
def test_the_penalty_depends_on_the_labels(critic_label):
  config = net(classes=3, critic_label=critic_label, critic_activation='tanh')
  x = images()
  slopes = lambda label: penalty.slopes(lambda x: scores(config, x, label), x)
  found, other = slopes(LABEL), slopes((LABEL + 1) % 3)
  assert float(jnp.abs(found - other).max()) > 1e-3
  rng, size = np.random.default_rng(0), 1e-2
  along = jnp.array(rng.normal(size=x.shape), jnp.float32)
  gradient = jax.grad(lambda x: scores(config, x, LABEL).sum())(x)
  ends = [scores(config, x + s * size * along, LABEL) for s in (1, -1)]
  finite = (ends[0] - ends[1]) / (2 * size)
  exact = jnp.sum(gradient * along, axis=(1, 2, 3))
  chex.assert_trees_all_close(exact, finite, rtol=2e-2, atol=2e-3)
  norms = jnp.linalg.norm(gradient.reshape(4, -1), axis=1)
  chex.assert_trees_all_close(found, norms, rtol=1e-4)


@pytest.mark.parametrize('critic_label', ['concat', small.slow('projection')])
def test_the_gradient_of_a_penalty_with_labels(critic_label):
  config = net(classes=3, critic_label=critic_label, critic_activation='tanh')
  _, variables = made(config)
  networks, x = networks_lib.build(config, SHAPE), images()

  def cost(params, label):
    critic = {**variables.critic, 'params': params}
    score = networks.score(critic, label, KEY)
    return penalty.two_sided(penalty.slopes(score, x), 1.0)

  params, size = variables.critic['params'], 1e-2
  rng = np.random.default_rng(2)
  along = jax.tree.map(lambda w: rng.normal(size=w.shape) / 4, params)
  moved = lambda s: jax.tree.map(lambda w, d: w + s * size * d, params, along)
  slope = jax.jit(jax.grad(cost))
  for label in (LABEL, LABEL[::-1]):
    products = jax.tree.map(
      lambda g, d: (g * d).sum(), slope(params, label), along
    )
    ends = [cost(moved(s), label) for s in (1, -1)]
    finite = float(ends[0] - ends[1]) / (2 * size)
    exact = float(sum(jax.tree.leaves(products)))
    assert exact == pytest.approx(finite, rel=2e-2, abs=1e-3)
  moves = jax.tree.map(
    lambda a, b: float(jnp.abs(a - b).max()),
    slope(params, LABEL),
    slope(params, LABEL[::-1]),
  )
  assert max(jax.tree.leaves(moves)) > 1e-2


def test_the_parts_of_a_latent():
  law = latents.Latents(5, code_classes=3, code_size=2, classes=4)
  z = law.draw(KEY, 8)
  parts = law.split(z)
  assert z.shape == (8, law.width) == (8, 14)
  assert [p.shape[1] for p in parts] == [5, 3, 2, 4]
  chex.assert_trees_all_equal(jnp.concatenate(parts, axis=1), z)
  chex.assert_trees_all_equal(parts.noise, latents.Latents(5).draw(KEY, 8))
  assert jnp.argmax(parts.label, axis=1).tolist() == [0, 1, 2, 3] * 2
  assert set(np.unique(parts.choice)) == {0, 1}
  assert float(parts.choice.sum()) == 8
  assert float(jnp.abs(parts.numbers).max()) <= 1
  label = law.split(law.draw(KEY, 2, jnp.array([3, 1]))).label
  assert jnp.argmax(label, axis=1).tolist() == [3, 1]


def test_interpolation_keeps_the_label():
  law = latents.Latents(64, code_size=1, classes=4)
  parts = law.split(law.interpolate(KEY, 5, jnp.full(5, 2)))
  assert jnp.argmax(parts.label, axis=1).tolist() == [2] * 5
  assert len(np.unique(parts.numbers)) == 1
  expected = latents.Latents(64).interpolate(KEY, 5)
  chex.assert_trees_all_close(parts.noise, expected, atol=1e-6)


def test_codes_move_and_the_rest_stays():
  law = latents.Latents(4, code_classes=3, code_size=2)
  choices = law.split(law.grid('choices', KEY, 6)[0])
  assert jnp.argmax(choices.choice, axis=1).tolist() == [0, 1, 2] * 2
  assert len(np.unique(choices.noise, axis=0)) == 2
  numbers = law.split(law.grid('numbers', KEY, 16)[0])
  np.testing.assert_allclose(
    numbers.numbers[:8, 0], np.linspace(-1, 1, 8), atol=1e-6
  )
  np.testing.assert_allclose(
    numbers.numbers[8:, 0], np.linspace(-1, 1, 8), atol=1e-6
  )
  assert len(np.unique(numbers.numbers[:8, 1])) == 1
  assert len(np.unique(numbers.choice[:8], axis=0)) == 1
  assert len(np.unique(numbers.noise, axis=0)) == 2


def test_labels_move_and_the_rest_stays():
  law = latents.Latents(4, code_classes=3, code_size=1, classes=5)
  z, _ = law.grid('labels', KEY, 10)
  assert jnp.argmax(law.split(z).label, axis=1).tolist() == [0, 1, 2, 3, 4] * 2
  rest = z[:, : law.width - 5].reshape(2, 5, -1)
  assert float(jnp.ptp(rest, axis=1).max()) == 0
  drawn = law.draw(KEY, 2)[:, : law.width - 5]
  chex.assert_trees_all_equal(rest[:, 0], drawn)


@pytest.mark.slow
def test_a_grid_has_whole_rows():
  law = latents.Latents(4, code_classes=3, code_size=2, classes=5)
  grid = lambda kind, num, **label: law.grid(kind, KEY, num, **label)
  for kind, num, rows, columns in (
    ('random', 7, 7, 0), ('interpolation', 7, 7, 7), ('choices', 7, 9, 3),
    ('numbers', 20, 24, 8), ('numbers', 5, 5, 5), ('labels', 7, 10, 5),
  ):  # fmt: skip
    z, width = grid(kind, num)
    assert (z.shape, width) == ((rows, law.width), columns), kind
  fours = law.split(grid('random', 6, label=4)[0]).label
  assert jnp.argmax(fours, axis=1).tolist() == [4] * 6
  chex.assert_trees_all_equal(grid('random', 6)[0], law.draw(KEY, 6))
  for kind in ('interpolation', 'choices', 'numbers'):
    twos = law.split(grid(kind, 9, label=2)[0]).label
    assert set(jnp.argmax(twos, axis=1).tolist()) == {2}, kind


@pytest.mark.parametrize(
  ('kind', 'label', 'sentence'),
  [
    ('random', 3, r'label is 3 and net\.classes of this run is 3'),
    ('random', 7, r'label is 7 and net\.classes of this run is 3'),
    ('choices', -1, r'net\.code_classes of this run is 0'),
    ('numbers', -1, r'net\.code_size of this run is 0'),
    ('labels', 1, r'label is 1 and the grid has all labels in each row; omit'),
  ],
)
def test_a_part_or_class_that_latents_lack_is_refused(kind, label, sentence):
  with pytest.raises(ValueError, match=sentence):
    latents.Latents(4, classes=3).grid(kind, KEY, 5, label)


def test_without_classes_there_are_no_rows_of_labels():
  with pytest.raises(ValueError, match=r'net\.classes of this run is 0'):
    latents.Latents(4).grid('labels', KEY, 5)
  with pytest.raises(
    ValueError, match=r'is 100000000; it must be at most 8388'
  ):
    latents.Latents(128).grid('random', KEY, 100_000_000)


def predictions(label=None, choice=None, numbers=None):
  rows = len(next(x for x in (label, choice, numbers) if x is not None))
  none = jnp.zeros((rows, 0))
  given = (label, choice, numbers)
  return conditional.Predictions(*(none if x is None else x for x in given))


def targets_of(predicted, label, parts):
  return auxiliary.Targets(lambda x: predicted, label, parts)


def test_auxiliary_losses_in_closed_form():
  law = latents.Latents(1, code_classes=2, code_size=1)
  z = jnp.array([[9.0, 1, 0, 0.5], [9.0, 0, 1, -0.5]])
  parts, label = law.split(z), jnp.array([1, 0])
  logits = jnp.log(jnp.array([[0.25, 0.75], [0.5, 0.5]]))
  numbers = jnp.array([[0.0], [0.0]])
  config = schema.Loss(auxiliary=2.0, information=3.0)
  targets = targets_of(predictions(logits, logits, numbers), label, parts)
  ce_label = -(np.log(0.75) + np.log(0.5)) / 2
  real = auxiliary.real_loss(config, targets, z)
  assert float(real) == pytest.approx(2 * ce_label)
  ce_choice = -(np.log(0.25) + np.log(0.5)) / 2
  loss, accuracy = auxiliary.fake_loss(config, targets, z)
  expected = 2 * ce_label + 3 * (ce_choice + 0.25 / 2)
  assert float(loss) == pytest.approx(expected)
  assert float(accuracy) == 0  # argmax says 1 and 0, the choices are 0 and 1.


def test_the_accuracy_of_predictions():
  parts = latents.Latents(1).split(jnp.zeros((4, 1)))
  logits = jnp.eye(3)[jnp.array([0, 1, 2, 1])]
  labels = targets_of(predictions(label=logits), LABEL, parts)
  _, accuracy = auxiliary.fake_loss(schema.Loss(), labels, parts.noise)
  assert float(accuracy) == 0.75
  numbers = targets_of(predictions(numbers=jnp.zeros((4, 1))), LABEL, parts)
  numbers = numbers._replace(parts=parts._replace(numbers=jnp.zeros((4, 1))))
  _, accuracy = auxiliary.fake_loss(schema.Loss(), numbers, parts.noise)
  assert float(accuracy) == 0


def test_without_labels_and_codes_nothing_is_wrapped():
  plain = catalog.build(net(), SHAPE)
  assert not isinstance(plain.critic, conditional.Critic)
  assert not conditional.has_auxiliary(net(classes=3, critic_label='concat'))
  assert conditional.has_auxiliary(dataclasses.replace(net(), code_size=1))
