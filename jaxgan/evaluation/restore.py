"""Restores a trained generator or critic from the workdir of its run."""

import dataclasses
import functools
import pathlib
from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from jaxgan.config import pick
from jaxgan.data import columns as columns_lib
from jaxgan.data.columns import AnyColumns
from jaxgan.gan import generator as generator_lib
from jaxgan.gan import networks, sharding
from jaxgan.gan import problem as problem_lib
from jaxgan.gan import state as state_lib
from jaxgan.gan.generator import Generator
from jaxgan.gan.problem import Problem
from jaxgan.gan.state import GANState
from jaxgan.nets.chunks import CHUNK
from jaxgan.storage import identity, workdir
from jaxgan.storage.checkpoint import Checkpoints
from jaxgan.types import Array, to_float


class TrainedCritic(NamedTuple):
  """A restored critic.

  Attributes:
    step: the training step after which it was saved.
    score: uint8 images [B, H, W, C] or float32 vectors [B, D], standardized
      like its training data -> [B] float32.
    columns: of the table that it was trained on; None for no table.
  """

  step: int
  score: Callable[[Array], Array]
  columns: AnyColumns | None = None

  def scores(self, examples: np.ndarray) -> np.ndarray:
    """Scores examples [N, ...] in chunks; returns [N] float32."""
    parts = []
    for start in range(0, len(examples), CHUNK):
      part = np.asarray(examples[start : start + CHUNK])
      # Padded, so that the last chunk does not compile again.
      full = jnp.asarray(np.resize(part, (CHUNK, *part.shape[1:])))
      parts.append(jax.device_get(self.score(full))[: len(part)])
    return np.concatenate(parts)


def load(
  folder: pathlib.Path, weights: str = 'ema', psi: float = 1.0
) -> Generator:
  """Restores the newest generator of a run.

  Args:
    folder: workdir of the run.
    weights: `ema` for the averaged weights, `raw` for those of the last step.
    psi: truncation of the styles; 1 for none (stylegan only).

  Raises:
    ValueError: no run there, no intact checkpoint, unknown weights, or a psi
      for a generator without styles.
  """
  problem, state = load_state(folder)
  choices = {'ema': state.ema, 'raw': state.variables.gen}
  variables = pick('weights', weights, choices)
  return generator_lib.generator_of(problem, variables, int(state.step), psi)


def load_critic(folder: pathlib.Path) -> TrainedCritic:
  """Restores the newest critic of a run, with the weights of its last step.

  Raises:
    ValueError: no run there, no intact checkpoint, or a critic that needs
      labels or inputs.
  """
  problem, state = load_state(folder)
  if problem.translation:
    raise ValueError(
      'The critic of this run scores patches of translations (game is '
      'translation), and its gap cannot be measured; omit --gap.'
    )
  net = problem.config.net
  if net.classes and net.critic_label != 'auxiliary':
    raise ValueError(
      'The critic of this run needs labels (net.critic_label is '
      f'{net.critic_label}), and examples without them have no score; its gap '
      'cannot be measured.'
    )
  # Dropout is active in training only.
  net = dataclasses.replace(net, critic_dropout=0.0)
  precision = problem.config.train.precision
  nets = networks.build(net, problem.shape, precision=precision)

  @jax.jit
  def score(variables: dict, examples: Array) -> Array:
    # Batch norm uses the statistics of this batch, as in training.
    critic = nets.score(variables, None, jax.random.key(0))
    return critic(to_float(examples))

  bound = functools.partial(score, state.variables.critic)
  return TrainedCritic(int(state.step), bound, problem.columns)


def load_problem(folder: pathlib.Path) -> Problem:
  """Rebuilds the problem of a run from its config.json and data.json.

  Raises:
    ValueError: the folder holds no run, or one of its files is damaged.
  """
  config, facts = workdir.load_config(folder), workdir.load_data(folder)
  return problem_lib.build(
    config,
    tuple(facts['shape']),
    num_classes=facts['num_classes'],
    # Workdirs of version 0.1 may lack them.
    class_counts=tuple(facts.get('class_counts', ())),
    columns=columns_lib.from_record(facts),
  )


def abstract_state(problem: Problem) -> GANState:
  """Shapes, types and shardings of a problem's state, without its values."""
  layout = sharding.shardings(sharding.make_mesh()).state
  state = jax.eval_shape(lambda: state_lib.create(problem))
  return jax.tree.map(lambda x: x.update(sharding=layout), state)


def load_state(folder: pathlib.Path) -> tuple[Problem, GANState]:
  """Restores the problem of a run and its newest intact state.

  The state is replicated on all devices.

  Raises:
    ValueError: no run there, or no intact checkpoint.
  """
  problem = load_problem(folder)
  target = abstract_state(problem)
  path, state = folder / 'checkpoints', None
  if path.is_dir():
    config = problem.config.checkpoint
    run = identity.read(folder)
    with Checkpoints(path, config, run=run, read_only=True) as checkpoints:
      state = checkpoints.restore(target)
  if state is None:
    raise ValueError(
      f'{path} holds no checkpoint to sample from; train first, or wait for '
      'the first save.'
    )
  return problem, state
