"""Plans: sums, bounds, loops and text; one real compilation where it can be."""

import importlib.util
import types

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import small

from jaxgan.training import chips, loop_count, plan, plan_text

MIB = 2**20
ONE = chips.parse('v5e:1x1')


def compiled(temp=2 * MIB, text='fusion(', flops=197e6):
  """A compiled step, by its numbers."""
  sizes = types.SimpleNamespace(
    argument_size_in_bytes=4 * MIB,
    output_size_in_bytes=5 * MIB,
    alias_size_in_bytes=3 * MIB,
    temp_size_in_bytes=temp,
    generated_code_size_in_bytes=MIB,
  )
  return types.SimpleNamespace(
    memory_analysis=lambda: sizes,
    cost_analysis=lambda: {'flops': flops, 'bytes accessed': 819e6},
    as_text=lambda: text,
  )


def found(topology=ONE, **numbers):
  return plan.of_compiled(
    compiled(**numbers), topology, 64, seconds=3.0, factor=5.0
  )


def test_the_state_is_counted_once():
  one = found()
  assert one.memory == (4 * MIB, 2 * MIB, 2 * MIB, MIB)
  assert one.memory.total == 9 * MIB
  assert one.fits


def test_a_step_fits_up_to_the_usable_memory():
  room = int(15.75 * 2**30) - 7 * MIB
  assert found(temp=room).fits
  assert not found(temp=room + 1).fits
  assert not plan.Plan(ONE, 64, refusal='Too large.').fits


def test_half_a_chip_has_half_of_everything():
  half, whole = found(chips.parse('v4:1x1x1')), chips.CHIPS['v4']
  assert half.usable == 15.25 * 2**30
  np.testing.assert_allclose(half.arithmetic_seconds, 2 * 197e6 / whole.flops)
  np.testing.assert_allclose(half.memory_seconds, 2 * 9 * MIB / whole.bandwidth)


def test_the_bound_is_the_longer_time():
  bytes_bound = found()
  np.testing.assert_allclose(bytes_bound.arithmetic_seconds, 1e-6)
  np.testing.assert_allclose(bytes_bound.memory_seconds, 9 * MIB / 819e9)
  assert bytes_bound.least_seconds == bytes_bound.memory_seconds
  busy = found(flops=197e9)
  np.testing.assert_allclose(busy.least_seconds, 1e-3)


def test_loops_that_stay_are_counted_as_often_as_they_run():
  assert found().flops == 197e6
  assert found(text='x = while(y)').flops == 5 * 197e6


def test_the_factor_of_loops_counts_products():
  def body(x, _):
    return x @ x, None

  def program(x):  # One product outside, four in the loop.
    return jax.lax.scan(body, x @ x, length=4)[0]

  jaxpr = jax.make_jaxpr(program)(jnp.ones((3, 3))).jaxpr
  assert loop_count.factor(jaxpr) == 5 / 2
  assert loop_count.factor(jax.make_jaxpr(jnp.tanh)(1.0).jaxpr) == 1


def test_the_factor_weighs_convolutions_by_their_size():
  def program(x, kernel):
    def body(x, _):
      return jax.lax.conv(x, kernel, (1, 1), 'SAME'), None

    y = jax.lax.scan(body, x, length=3)[0]
    return y.reshape(2, -1) @ jnp.ones((16, 9))

  shapes = jnp.ones((1, 2, 4, 4)), jnp.ones((2, 2, 3, 3))
  conv, dot = 2 * 32 * 18, 2 * 2 * 9 * 16
  found = loop_count.factor(jax.make_jaxpr(program)(*shapes).jaxpr)
  np.testing.assert_allclose(found, (3 * conv + dot) / (conv + dot))


def test_the_text_says_what_fits_and_what_is_a_bound(monkeypatch):
  monkeypatch.setattr(chips, 'version', lambda: '0')
  text = plan_text.text(small.config(), found())
  assert 'digits with mlp on v5e:1x1: 1 chip(s), batch 64' in text
  assert (
    'total             9.0  of 16128 MiB that a program can use: fit' in text
  )
  assert 'Lower bound: 11.5 us per iteration' in text
  assert 'XLA counts one pass of each product; float32 takes 6.' in text
  bf16 = small.config(train={'precision': 'bf16'})
  assert 'one pass' not in plan_text.text(bf16, found())
  large = plan_text.text(small.config(), found(temp=2**40))
  assert 'DOES NOT FIT' in large


def test_a_refusal_is_the_sentence_of_the_compiler():
  refused = plan.Plan(ONE, 64, refusal='Ran out of memory.')
  text = plan_text.text(small.config(), refused)
  assert 'It does not fit: Ran out of memory. --largest_batch' in text


def test_a_batch_must_divide_over_the_chips():
  config = small.config(train={'batch_size': 6})
  with pytest.raises(ValueError, match='6, which cannot be split over 4'):
    plan.make(config, chips.parse('v5e:2x2'))


def test_the_batch_is_the_last_of_those_that_double():
  config = small.config(train={'batch_size': 8, 'batch_doubles_at': (2, 3)})
  assert plan.largest(config) == 32
  assert plan.with_batch(config, 64).train.batch_size == 16


@pytest.mark.slow
@pytest.mark.skipif(
  importlib.util.find_spec('libtpu') is None, reason='libtpu is not installed'
)
def test_every_critic_update_of_a_real_program_is_counted():
  def of(steps):
    config = small.config(
      train={'critic_steps': steps},
      net={'gen_widths': (128,), 'critic_widths': (128,)},
    )
    return plan.make(config, ONE)

  one, five = of(1), of(5)
  assert one.fits
  assert five.fits
  # 3.47 by XLA's own count of a program with five copies of the update.
  assert 3.3 < five.flops / one.flops < 3.6


@pytest.mark.slow
@pytest.mark.skipif(
  importlib.util.find_spec('libtpu') is None, reason='libtpu is not installed'
)
def test_points_in_the_plane_are_compiled_for_several_chips():
  """The compiler crashed in a product of two columns that chips share."""
  config = small.config(data={'name': 'gaussians8'}, train={'batch_size': 64})
  assert plan.make(config, chips.parse('v5e:2x2')).fits
