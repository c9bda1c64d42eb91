import jax
import jax.numpy as jnp
import pytest
import small

from jaxgan import config as schema
from jaxgan.nets import catalog as nets

KEY = jax.random.key(0)


def dense(i, o):
  return i * o + o


def conv(k, i, o):
  return k * k * i * o + o


def block(i, o, up=False, norm=False, skip=True):
  mid = o if up else i
  return (
    conv(3, i, mid)
    + conv(3, mid, o)
    + (conv(1, i, o) if skip else 0)
    + (2 * i + 2 * mid if norm else 0)
  )


def config(name, gen, critic, **changes):
  return schema.Net(name=name, gen_widths=gen, critic_widths=critic, **changes)


# Net, latent size, shape, and the two parameter counts by hand. They are those
# of Gulrajani et al. (2017).
REFERENCE = {
  'toy': (
    config('mlp', (512,) * 3, (512,) * 3),
    2,
    (2,),
    dense(2, 512) + 2 * dense(512, 512) + dense(512, 2),
    dense(2, 512) + 2 * dense(512, 512) + dense(512, 1),
  ),
  'mnist': (
    config('dcgan', (256, 128, 64), (64, 128, 256)),
    128,
    (28, 28, 1),
    dense(128, 4096) + conv(5, 256, 128) + conv(5, 128, 64) + conv(5, 64, 1),
    conv(5, 1, 64) + conv(5, 64, 128) + conv(5, 128, 256) + dense(4096, 1),
  ),
  'dcgan64': (
    config(
      'dcgan',
      (512, 256, 128, 64),
      (64, 128, 256, 512),
      gen_norm='batch',
      critic_norm='layer',
    ),
    128,
    (64, 64, 3),
    dense(128, 8192)
    + conv(5, 512, 256)
    + conv(5, 256, 128)
    + conv(5, 128, 64)
    + conv(5, 64, 3)
    + 2 * (512 + 256 + 128 + 64),
    conv(5, 3, 64)
    + conv(5, 64, 128)
    + conv(5, 128, 256)
    + conv(5, 256, 512)
    + 2 * (128 + 256 + 512)
    + dense(8192, 1),
  ),
  'cifar': (
    config(
      'resnet',
      (128,) * 4,
      (128,) * 2,
      gen_norm='batch',
      critic_stem='optimised',
      critic_plain_blocks=2,
      critic_pool='mean',
    ),
    128,
    (32, 32, 3),
    dense(128, 2048)
    + 3 * block(128, 128, up=True, norm=True)
    + 2 * 128
    + conv(3, 128, 3),
    conv(3, 3, 128)
    + conv(3, 128, 128)
    + conv(1, 3, 128)
    + block(128, 128)
    + 2 * block(128, 128, skip=False)
    + dense(128, 1),
  ),
  'resnet64': (
    config(
      'resnet',
      (512, 512, 256, 128, 64),
      (64, 128, 256, 512, 512),
      gen_norm='batch',
      critic_norm='layer',
    ),
    128,
    (64, 64, 3),
    dense(128, 8192)
    + block(512, 512, up=True, norm=True)
    + block(512, 256, up=True, norm=True)
    + block(256, 128, up=True, norm=True)
    + block(128, 64, up=True, norm=True)
    + 2 * 64
    + conv(3, 64, 3),
    conv(3, 3, 64)
    + block(64, 128, norm=True)
    + block(128, 256, norm=True)
    + block(256, 512, norm=True)
    + block(512, 512, norm=True)
    + dense(8192, 1),
  ),
}


def abstract(net, latent_size, shape, batch=3):
  """Shapes of (variables, images, scores), without computing anything."""
  pair = nets.build(net, shape)

  def run():
    variables = nets.init(pair, KEY, latent_size, shape)
    z, x = jnp.zeros((batch, latent_size)), jnp.zeros((batch, *shape))
    images = pair.gen.apply(variables.gen, z, train=False)
    return (
      variables,
      images,
      pair.critic.apply(variables.critic, x, train=False),
    )

  return jax.eval_shape(run)


def num_parameters(variables):
  return sum(x.size for x in jax.tree.leaves(variables['params']))


@pytest.mark.parametrize('name', small.quick(REFERENCE, 'toy', 'mnist'))
def test_reference_shapes_and_counts(name):
  net, latent_size, shape, gen_count, critic_count = REFERENCE[name]
  variables, images, scores = abstract(net, latent_size, shape)
  assert images.shape == (3, *shape)
  assert scores.shape == (3,)
  assert num_parameters(variables.gen) == gen_count
  assert num_parameters(variables.critic) == critic_count
  assert ('batch_stats' in variables.gen) == (net.gen_norm == 'batch')
  assert 'batch_stats' not in variables.critic


@pytest.mark.parametrize('channels', [1, 2, 3, 4])
@pytest.mark.parametrize(
  ('net', 'size'),
  [
    (config('mlp', (8,), (8,)), (5, 3)),
    (config('dcgan', (8, 4), (4, 8)), (24, 40)),
    (config('dcgan', (8, 4, 4), (4, 8, 8)), (13, 9)),
    (config('dcgan', (8, 4), (4,)), (1, 3)),
    (config('dcgan', (4,) * 4, (4,) * 4), (9, 13)),  # The deepest allowed.
    (config('resnet', (8, 4, 4), (4, 8, 8, 8)), (24, 40)),
    (config('resnet', (8, 4), (4,), critic_stem='optimised'), (6, 10)),
  ],
)
def test_any_shape(net, size, channels):
  shape = (*size, channels)
  _, images, scores = abstract(net, 5, shape)
  assert images.shape == (3, *shape)
  assert scores.shape == (3,)
