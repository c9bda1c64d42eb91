"""Problems: what fits the data, and what is refused."""

import pytest
import small

from jaxgan.gan import problem, updates


def test_vectors_are_not_augmented():
  noise = small.config(regularisers={'noise': 0.1})
  cutout = small.config(regularisers={'augment': ('cutout',)})
  assert problem.build(cutout, (8, 8, 1)).shape == (8, 8, 1)
  assert problem.build(noise, (2,)).shape == (2,)
  with pytest.raises(ValueError, match='cutout and the data are vectors of 2'):
    problem.build(cutout, (2,))


def test_choices_follow_the_platform_of_the_devices():
  config = small.config(net={'conv': 'auto', 'name': 'dcgan'})
  shape = (8, 8, 1)
  here, tpu = (
    problem.build(config, shape),
    problem.build(config, shape, platform='tpu'),
  )
  assert here.networks.config.conv == 'winograd'  # The tests run on the CPU.
  assert tpu.networks.config.conv == 'lax'
  assert tpu.config == here.config
  assert [updates.Updates(p).unroll for p in (here, tpu)] == [1, 1]
  lax = small.config(net={'conv': 'lax'})
  steps = lax.train.critic_steps
  unrolled = {
    name: updates.Updates(problem.build(lax, shape, platform=name)).unroll
    for name in ('cpu', 'gpu', 'tpu')
  }
  assert unrolled == {'cpu': steps, 'gpu': 1, 'tpu': 1}


def test_the_networks_have_the_classes_of_the_data():
  config = small.config(net={'classes': 3})
  assert problem.build(config, (2,), num_classes=3).latents.classes == 3
  with pytest.raises(ValueError, match=r'net.classes is 3 and digits has 10'):
    problem.build(config, (2,), num_classes=10)
