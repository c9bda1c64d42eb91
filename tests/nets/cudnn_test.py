"""All derivatives of these convolutions have a form that cuDNN computes."""

import collections

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import small

from jaxgan import config
from jaxgan.gan import penalty
from jaxgan.nets import catalog
from jaxgan.nets.kernels import cudnn, xla


def normal(*shape, seed=0):
  return np.random.default_rng(seed).normal(size=shape)


@pytest.mark.usefixtures('float64')
@pytest.mark.parametrize(
  ('k', 'stride', 'size', 'pads'),
  [
    (5, 2, (8, 7), 'SAME'),
    small.slow(3, 1, (4, 5), 'SAME'),
    small.slow(3, 2, (6, 6), 'VALID'),
    small.slow(1, 1, (3, 4), 'SAME'),
    small.slow(3, 2, (7, 6), ((2, 0), (1, 3))),
  ],
)
def test_a_convolution_is_that_of_xla_to_second_order(k, stride, size, pads):
  convs = (
    lambda x, w, c=c: c(x, w, stride, pads) for c in (cudnn.conv, xla.conv)
  )
  small.agree_to_second_order(
    *convs, normal(2, *size, 3), normal(k, k, 3, 2, seed=1) / k
  )


@pytest.mark.usefixtures('float64')
@pytest.mark.parametrize(
  ('k', 'size', 'channels'),
  [(5, (4, 3), (3, 2)), small.slow(3, (2, 5), (1, 3))],
)
def test_doubling_the_sides_is_that_of_xla_to_second_order(k, size, channels):
  x, kernel = normal(2, *size, channels[0]), normal(k, k, *channels, seed=1) / k
  small.agree_to_second_order(cudnn.up, xla.up, x, kernel)


def test_derivatives_have_the_precision_of_their_convolution():
  def convolve(x, kernel):
    with jax.default_matmul_precision('high'):
      return cudnn.conv(x, kernel, 2, 'SAME')

  with jax.default_matmul_precision('highest'):
    arguments = jnp.ones((1, 4, 4, 1)), jnp.ones((3, 3, 1, 1))
    program = str(
      jax.make_jaxpr(lambda *a: small.orders(convolve, *a))(*arguments)
    )
  assert program.count('precision=(Precision.HIGH, Precision.HIGH)') >= 6
  assert 'HIGHEST' not in program


def form(equation, producers):
  """The form of a convolution in a program; None where cuDNN has none.

  XLA recognizes the gradient by the image by its mirrored kernel, and that by
  the kernel by strides of the window; it accepts no others with zeros inserted
  into the image (its conv_rewriter).
  """
  given = equation.params
  image, window, strides = (
    set(given[name]) - {1}
    for name in ('lhs_dilation', 'rhs_dilation', 'window_strides')
  )
  if not image and not window:
    return 'forward'
  if window:
    return None if image or strides else 'by_kernel'
  mirrored = producers.get(equation.invars[1]) == 'rev'
  return 'by_image' if mirrored and not strides else None


def forms(jaxpr):
  """How often each form appears in a program."""
  found, producers = collections.Counter(), {}
  for equation in jaxpr.eqns:
    producers |= dict.fromkeys(equation.outvars, equation.primitive.name)
    if equation.primitive.name == 'conv_general_dilated':
      found[form(equation, producers)] += 1
    for value in jax.tree.leaves(equation.params, is_leaf=is_program):
      if is_program(value):
        found += forms(getattr(value, 'jaxpr', value))
  return found


def is_program(value):
  return hasattr(value, 'eqns')


def penalized(conv):
  """Gradients of both losses of dcgan, as (generator's, critic's)."""
  net = config.Net(gen_widths=(4, 4), critic_widths=(4, 4), conv=conv)
  shape = (8, 8, 1)
  nets = catalog.build(net, shape)
  z, x = jnp.ones((2, net.latent_size)), jnp.ones((2, *shape))
  gen, critic = (
    jax.eval_shape(lambda n=n, a=a: n.init(jax.random.key(0), a, train=True))
    for n, a in ((nets.gen, z), (nets.critic, x))
  )

  def gen_loss(gen, critic):
    fake = nets.gen.apply(gen, z, train=True)
    return nets.critic.apply(critic, fake, train=True).mean()

  def critic_loss(critic):
    slope = penalty.slopes(
      lambda x: nets.critic.apply(critic, x, train=True), x
    )
    return penalty.two_sided(slope, 1.0)

  return [
    forms(jax.make_jaxpr(jax.grad(loss))(*given).jaxpr)
    for loss, given in ((gen_loss, (gen, critic)), (critic_loss, (critic,)))
  ]


def test_both_losses_are_of_the_three_forms():
  for found in penalized('cudnn'):
    assert set(found) == {'forward', 'by_image', 'by_kernel'}


def test_the_derivatives_of_jax_are_not():
  """Otherwise the test above would say nothing."""
  for found in penalized('lax'):
    assert found[None] > 0
