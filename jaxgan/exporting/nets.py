"""The networks of a run as functions of plain arrays, with their weights."""

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import export

from jaxgan.config import pick
from jaxgan.gan import networks as networks_lib
from jaxgan.gan.networks import Networks
from jaxgan.gan.problem import Problem
from jaxgan.gan.state import GANState
from jaxgan.nets.latents import Latents
from jaxgan.types import Array, Variables

NETS: Mapping[str, tuple[str, ...]] = {
  'gen': ('generator',),
  'critic': ('critic',),
  'all': ('generator', 'critic'),
}


class Port(NamedTuple):
  """An input or the output of a network.

  Attributes:
    name: of the array.
    dtype: float32 or int32.
    shape: of one example, without the batch.
    meaning: what the numbers are, and their range.
  """

  name: str
  dtype: str
  shape: tuple[int, ...]
  meaning: str


class Net(NamedTuple):
  """A network with its weights.

  Attributes:
    name: `generator` or `critic`.
    variables: its parameters and batch statistics, on the host.
    inputs: its inputs.
    output: its output.
    function: of the variables and the inputs, each [B, ...]; returns [B, ...].
    multiple: every batch size must be a multiple of it.
  """

  name: str
  variables: Variables
  inputs: tuple[Port, ...]
  output: Port
  function: Callable[..., Array]
  multiple: int = 1

  def bound(self, *inputs: Array) -> Array:
    """The function of the inputs alone."""
    return self.function(self.variables, *inputs)

  def structs(self) -> list[jax.ShapeDtypeStruct]:
    """Shapes and types of the inputs, for any batch size."""
    text = 'batch' if self.multiple == 1 else f'{self.multiple}*batch'
    (batch,) = export.symbolic_shape(text)
    return [
      jax.ShapeDtypeStruct((batch, *port.shape), np.dtype(port.dtype))
      for port in self.inputs
    ]


def choose(
  problem: Problem, state: GANState, nets: str, weights: str, precision: str
) -> list[Net]:
  """Returns the networks of a run that are exported.

  Args:
    problem: of the run.
    state: its restored state.
    nets: gen, critic or all.
    weights: of the generator, `ema` or `raw`.
    precision: a value of `train.precision`, which the networks get.

  Raises:
    ValueError: unknown nets or weights, or the critic of a translation.
  """
  names = pick('nets', nets, NETS)
  choices = {'ema': state.ema, 'raw': state.variables.gen}
  variables = {
    'generator': pick('weights', weights, choices),
    'critic': state.variables.critic,
  }
  return [
    build(problem, name, jax.device_get(variables[name]), precision)
    for name in names
  ]


def build(
  problem: Problem,
  name: str,
  variables: Variables,
  precision: str,
  conv: str = 'lax',
) -> Net:
  """Builds one network as a function of plain arrays.

  Dropout, which is for training, is left out.

  Args:
    problem: of the run.
    name: `generator` or `critic`.
    variables: its variables.
    precision: a value of `train.precision`.
    conv: a value of `net.conv`; lax has the fewest operations.

  Raises:
    ValueError: the critic of a translation.
  """
  config = problem.config.net
  plain = dataclasses.replace(config, conv=conv, critic_dropout=0.0)
  networks = networks_lib.build(
    plain,
    problem.shape,
    translation=problem.translation,
    precision=precision,
  )
  if name == 'critic':
    return _critic(problem, networks, variables)
  if problem.translation:
    return _translator(problem, networks, variables)
  return _generator(problem, networks, variables)


def _generator(
  problem: Problem, networks: Networks, variables: Variables
) -> Net:
  latents = problem.latents
  ports = _latent_ports(latents)

  def function(variables: Variables, *inputs: Array) -> Array:
    named = {port.name: x for port, x in zip(ports, inputs, strict=True)}
    return networks.sample(variables, join(latents, named))

  return Net('generator', variables, ports, example(problem.shape), function)


def _translator(
  problem: Problem, networks: Networks, variables: Variables
) -> Net:
  translation = problem.translation
  assert translation is not None
  h, w, _ = problem.shape
  settings = translation.settings
  port = Port(
    'input',
    'float32',
    (h, w, translation.channels),
    f'the input image of translation.input={settings.input}, in [-1, 1]'
    + (', and its mask, 1 in the hole' if settings.input == 'hole' else ''),
  )

  def function(variables: Variables, x: Array) -> Array:
    return networks.sample(variables, x.reshape(x.shape[0], -1))

  return Net('generator', variables, (port,), example(problem.shape), function)


def _critic(problem: Problem, networks: Networks, variables: Variables) -> Net:
  if problem.translation:
    raise ValueError(
      'The critic of this run scores patches of translations (game is '
      'translation), and is not exported; use --nets=gen.'
    )
  config = problem.config.net
  ports = [example(problem.shape)]
  if config.classes and config.critic_label != 'auxiliary':
    ports.append(_label(config.classes))

  def function(
    variables: Variables, x: Array, label: Array | None = None
  ) -> Array:
    score = networks.score(variables, label, jax.random.key(0))
    return score(networks.real(x))

  output = Port('score', 'float32', (), 'the score of an example, unbounded')
  grouped = config.name == 'stylegan'
  multiple = config.minibatch_group if grouped else 1
  return Net('critic', variables, tuple(ports), output, function, multiple)


def _latent_ports(latents: Latents) -> tuple[Port, ...]:
  law = latents.distribution
  texts = {
    'normal': 'standard normal numbers',
    'uniform': 'uniform numbers in [-1, 1)',
    'truncated': f'normal numbers, redrawn beyond {latents.bound:g}',
  }
  ports = [Port('latent', 'float32', (latents.size,), texts[law])]
  if latents.code_classes:
    values = f'the categorical code, 0 to {latents.code_classes - 1}'
    ports.append(Port('choice', 'int32', (), values))
  if latents.code_size:
    text = 'the continuous code, uniform in [-1, 1)'
    ports.append(Port('numbers', 'float32', (latents.code_size,), text))
  if latents.classes:
    ports.append(_label(latents.classes))
  return tuple(ports)


def join(latents: Latents, inputs: Mapping[str, Any]) -> Array:
  """Joins the inputs of a generator to whole latents [B, width]."""
  sizes = {'choice': latents.code_classes, 'label': latents.classes}
  parts = [
    jax.nn.one_hot(inputs[name], sizes[name]) if name in sizes else inputs[name]
    for name in ('latent', 'choice', 'numbers', 'label')
    if name in inputs
  ]
  return jnp.concatenate(parts, axis=1) if len(parts) > 1 else parts[0]


def split(latents: Latents, z: Array) -> dict[str, np.ndarray]:
  """Splits whole latents [B, width] into the inputs of a generator."""
  parts = latents.split(z)
  found = {
    'latent': parts.noise,
    'choice': jnp.argmax(parts.choice, 1) if latents.code_classes else None,
    'numbers': parts.numbers if latents.code_size else None,
    'label': jnp.argmax(parts.label, 1) if latents.classes else None,
  }
  ports = {port.name: port.dtype for port in _latent_ports(latents)}
  return {name: np.asarray(found[name], ports[name]) for name in ports}


def example(shape: tuple[int, ...]) -> Port:
  """An image or a vector, as the networks have it."""
  if len(shape) == 1:
    text = 'a vector in the units of the data; of a table, standardized'
    return Port('vector', 'float32', shape, text)
  text = 'an image in [-1, 1]; uint8 is clip(rint((x + 1) * 127.5), 0, 255)'
  return Port('image', 'float32', shape, text)


def _label(classes: int) -> Port:
  return Port('label', 'int32', (), f'the class, 0 to {classes - 1}')
