"""Labels and codes: where they enter, what they change, what is refused."""

import dataclasses
import functools

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan import config as schema
from jaxgan.config import from_config_dict
from jaxgan.gan import auxiliary, penalty
from jaxgan.gan.networks import Players
from jaxgan.nets import catalog, conditional, latents, layers

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
  pair, variables = made(config, shape)
  return Players(config, pair).score(variables.critic, label, KEY)(x)


@pytest.mark.parametrize('name', NETS)
@pytest.mark.parametrize('told', ['concat', 'projection'])
def test_a_score_depends_on_the_label(name, told):
  config = net(name, classes=3, critic_label=told)
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


def test_a_label_beside_a_vector_is_more_numbers():
  config = net(classes=3, critic_label='concat', critic_widths=(5,))
  _, variables = made(config, (2,))
  kernel = variables.critic['params']['trunk']['Dense_0']['kernel']
  assert kernel.shape == (2 + 3, 5)


@pytest.mark.parametrize('name', NETS)
def test_a_critic_that_guesses_is_not_told(name):
  config = net(name, classes=3, critic_label='auxiliary')
  x = images()
  chex.assert_trees_all_equal(
    scores(config, x, LABEL), scores(config, x, LABEL[::-1])
  )
  pair, variables = made(config)
  players = Players(config, pair)
  guess = players.score(variables.critic, LABEL, KEY, method='guess')(x)
  assert [g.shape for g in guess] == [(4, 3), (4, 0), (4, 0)]


def test_class_norm_against_numpy():
  x, label = images(8, shape=(3, 3, 2)), jnp.arange(8) % 2
  one_hot = jax.nn.one_hot(label, 2)

  class Norm(layers.nn.Module):
    @layers.nn.compact
    def __call__(self, x):
      return layers.normalise(x, 'batch', net(), True, one_hot)

  variables = Norm().init(KEY, x)
  plain = Norm().apply(variables, x, mutable='batch_stats')[0]
  centred = np.asarray(x) - np.asarray(x).mean((0, 1, 2))
  expected = centred / np.sqrt(np.asarray(x).var((0, 1, 2)) + 1e-5)
  np.testing.assert_allclose(plain, expected, atol=1e-5)
  maps = np.arange(8.0).reshape(2, 4)
  kernel = {'Dense_0': {'kernel': jnp.array(maps, jnp.float32)}}
  found = Norm().apply(
    {**variables, 'params': kernel}, x, mutable='batch_stats'
  )[0]
  of_class = maps[np.asarray(label)][:, None, None]
  expected = expected * (1 + of_class[..., :2]) + of_class[..., 2:]
  np.testing.assert_allclose(found, expected, atol=1e-4)


@pytest.mark.parametrize('name', NETS)
@pytest.mark.parametrize('way', ['concat', 'norm'])
def test_a_sample_depends_on_the_label_and_its_noise_stays(name, way):
  config = net(name, classes=3, gen_label=way, gen_norm='batch')
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


@pytest.mark.parametrize('told', ['concat', 'projection'])
def test_the_penalty_sees_the_labels(told):
  config = net(classes=3, critic_label=told, critic_activation='tanh')
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


@pytest.mark.parametrize('told', ['concat', 'projection'])
def test_the_gradient_of_a_penalty_with_labels(told):
  config = net(classes=3, critic_label=told, critic_activation='tanh')
  pair, variables = made(config)
  players, x = Players(config, pair), images()

  def cost(params, label):
    critic = {**variables.critic, 'params': params}
    score = players.score(critic, label, KEY)
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
  asked = law.split(law.draw(KEY, 2, jnp.array([3, 1]))).label
  assert jnp.argmax(asked, axis=1).tolist() == [3, 1]


def test_on_the_way_between_latents_the_label_stays():
  law = latents.Latents(64, code_size=1, classes=4)
  parts = law.split(law.between(KEY, 5, jnp.full(5, 2)))
  assert jnp.argmax(parts.label, axis=1).tolist() == [2] * 5
  assert len(np.unique(parts.numbers)) == 1
  expected = latents.Latents(64).between(KEY, 5)
  chex.assert_trees_all_close(parts.noise, expected, atol=1e-6)


def test_codes_move_and_the_rest_stays():
  law = latents.Latents(4, code_classes=3, code_size=2)
  choices = law.split(law.choices(KEY, 2))
  assert jnp.argmax(choices.choice, axis=1).tolist() == [0, 1, 2] * 2
  assert len(np.unique(choices.noise, axis=0)) == 2
  numbers = law.split(law.numbers(KEY, 2, 5))
  np.testing.assert_allclose(numbers.numbers[:5, 0], np.linspace(-1, 1, 5))
  assert len(np.unique(numbers.numbers[:5, 1])) == 1
  assert len(np.unique(numbers.choice[:5], axis=0)) == 1
  with pytest.raises(ValueError, match=r'net\.code_classes of this run is 0'):
    law._replace(code_classes=0).choices(KEY, 2)
  with pytest.raises(ValueError, match=r'net\.code_size of this run is 0'):
    law._replace(code_size=0).numbers(KEY, 2, 3)


def test_labels_move_and_the_rest_stays():
  law = latents.Latents(4, code_classes=3, code_size=1, classes=5)
  z = law.labels(KEY, 2)
  assert jnp.argmax(law.split(z).label, axis=1).tolist() == [0, 1, 2, 3, 4] * 2
  rest = z[:, : law.width - 5].reshape(2, 5, -1)
  assert float(jnp.ptp(rest, axis=1).max()) == 0
  drawn = law.draw(KEY, 2)[:, : law.width - 5]
  chex.assert_trees_all_equal(rest[:, 0], drawn)
  with pytest.raises(ValueError, match=r'net\.classes of this run is 0'):
    law._replace(classes=0).labels(KEY, 2)


def test_latents_are_asked_for_by_name():
  law = latents.Latents(4, code_classes=3, code_size=2, classes=5)
  ask = lambda how, num, **label: law.asked(how, KEY, num, **label)
  for how, num, found, columns in (
    ('random', 7, 7, 0), ('interpolation', 7, 7, 7), ('choices', 7, 9, 3),
    ('numbers', 20, 24, 8), ('numbers', 5, 5, 5), ('labels', 7, 10, 5),
  ):  # fmt: skip
    z, width = ask(how, num)
    assert (z.shape, width) == ((found, law.width), columns), how
  fours = law.split(ask('random', 6, label=4)[0]).label
  assert jnp.argmax(fours, axis=1).tolist() == [4] * 6
  chex.assert_trees_all_equal(ask('random', 6)[0], law.draw(KEY, 6))
  for how in ('interpolation', 'choices', 'numbers'):
    twos = law.split(ask(how, 9, label=2)[0]).label
    assert set(jnp.argmax(twos, axis=1).tolist()) == {2}, how


@pytest.mark.parametrize(
  ('how', 'label', 'sentence'),
  [
    ('random', 3, r'label is 3 and net\.classes of this run is 3'),
    ('random', 7, r'label is 7 and net\.classes of this run is 3'),
    ('choices', -1, r'net\.code_classes of this run is 0'),
    ('numbers', -1, r'net\.code_size of this run is 0'),
    ('labels', 1, r'label is 1 and the latents are rows of all labels; leave'),
  ],
)
def test_what_latents_have_not_is_refused(how, label, sentence):
  with pytest.raises(ValueError, match=sentence):
    latents.Latents(4, classes=3).asked(how, KEY, 5, label)


def test_without_classes_there_are_no_rows_of_labels():
  with pytest.raises(ValueError, match=r'net\.classes of this run is 0'):
    latents.Latents(4).asked('labels', KEY, 5)


@pytest.mark.parametrize(
  ('keys', 'sentence'),
  [
    ({'classes': 3, 'critic_head': 'autoencoder'}, 'takes no labels'),
    ({'code_size': 1, 'critic_head': 'autoencoder'}, 'guesses no codes'),
    ({'classes': 3, 'gen_label': 'norm'}, 'so it must be batch'),
  ],
)
def test_what_does_not_fit_is_refused(keys, sentence):
  with pytest.raises(ValueError, match=sentence):
    catalog.check(net(**keys))


def guess_of(label=None, choice=None, numbers=None):
  rows = len(next(x for x in (label, choice, numbers) if x is not None))
  none = jnp.zeros((rows, 0))
  given = (label, choice, numbers)
  return conditional.Guess(*(none if x is None else x for x in given))


def asked_of(guess, label, parts):
  return auxiliary.Asked(lambda x: guess, label, parts)


def test_the_cost_of_guesses_in_closed_form():
  law = latents.Latents(1, code_classes=2, code_size=1)
  z = jnp.array([[9.0, 1, 0, 0.5], [9.0, 0, 1, -0.5]])
  parts, label = law.split(z), jnp.array([1, 0])
  logits = jnp.log(jnp.array([[0.25, 0.75], [0.5, 0.5]]))
  numbers = jnp.array([[0.0], [0.0]])
  config = schema.Loss(auxiliary=2.0, information=3.0)
  asked = asked_of(guess_of(logits, logits, numbers), label, parts)
  ce_label = -(np.log(0.75) + np.log(0.5)) / 2
  assert float(auxiliary.of_real(config, asked, z)) == pytest.approx(
    2 * ce_label
  )
  ce_choice = -(np.log(0.25) + np.log(0.5)) / 2
  cost, right = auxiliary.of_fakes(config, asked, z)
  expected = 2 * ce_label + 3 * (ce_choice + 0.25 / 2)
  assert float(cost) == pytest.approx(expected)
  assert float(right) == 0.0  # argmax says 1 and 0, the choices are 0 and 1.


def test_how_many_guesses_are_right():
  parts = latents.Latents(1).split(jnp.zeros((4, 1)))
  logits = jnp.eye(3)[jnp.array([0, 1, 2, 1])]
  asked = asked_of(guess_of(label=logits), LABEL, parts)
  assert float(auxiliary.of_fakes(schema.Loss(), asked, parts.noise)[1]) == 0.75
  numbers = asked_of(guess_of(numbers=jnp.zeros((4, 1))), LABEL, parts)
  numbers = numbers._replace(parts=parts._replace(numbers=jnp.zeros((4, 1))))
  assert (
    float(auxiliary.of_fakes(schema.Loss(), numbers, parts.noise)[1]) == 0.0
  )


def test_without_labels_and_codes_nothing_is_wrapped():
  plain = catalog.build(net(), SHAPE)
  assert not isinstance(plain.critic, conditional.Critic)
  assert not conditional.guesses(net(classes=3, critic_label='concat'))
  assert conditional.guesses(dataclasses.replace(net(), code_size=1))
