"""A trained generator or critic, read back from the workdir of its run."""

import dataclasses
import pathlib
from collections.abc import Callable, Iterator
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from jaxgan.config import Config, Net
from jaxgan.data import columns as columns_lib
from jaxgan.data.columns import Columns
from jaxgan.data.ranges import to_float
from jaxgan.gan import sampling
from jaxgan.gan import sharding as mesh_lib
from jaxgan.gan import state as state_lib
from jaxgan.gan.state import GANState
from jaxgan.nets import catalog as nets_lib
from jaxgan.nets import latents as latents_lib
from jaxgan.storage import workdir
from jaxgan.storage.checkpoint import Checkpoints
from jaxgan.types import Array, Variables

_CHUNK = 256


class Trained(NamedTuple):
  """A generator that is ready to draw from.

  Attributes:
    step: after which it was saved.
    shape: of one image, (H, W, C), or of one vector, (D,).
    latents: what it starts from.
    variables: its parameters and statistics.
    generate: (variables, latents) -> samples on the host, those of a
      table standardised.
    columns: of the table that it learnt from; None for no table.
    class_counts: how many examples of each class it learnt from; empty where
      it knows no classes, or that is not known.
    mixing: of styles; None where there are none.
  """

  step: int
  shape: tuple[int, ...]
  latents: latents_lib.Latents
  variables: Variables
  generate: sampling.Generate
  columns: Columns | None = None
  class_counts: tuple[int, ...] = ()
  mixing: sampling.Mix | None = None

  def labels(self, num: int) -> Array | None:
    """[num] int32, each class as often as in what it learnt from.

    None, which is all classes in turn, where that is not known.
    """
    if not self.latents.classes or not self.class_counts:
      return None
    return jnp.array(latents_lib.in_proportion(self.class_counts, num))

  def mix(self, z: Array, other: Array, at: int) -> np.ndarray:
    """Images with styles of z before a layer, and of another from it on.

    Args:
      z: [N, Z] latents.
      other: [N, Z] latents.
      at: the layer; 0 for the others' images.

    Returns:
      uint8 images [N, H, W, C].

    Raises:
      ValueError: a generator without styles.
    """
    if self.mixing is None:
      raise ValueError(
        'This generator has no styles to mix; only stylegan has them.'
      )
    return self.mixing(self.variables, z, other, jnp.full(len(z), at))

  def stream(self, z: Array) -> Iterator[np.ndarray]:
    """Samples of the latents [N, Z], in chunks of bounded memory.

    uint8 images [n, H, W, C], or float32 vectors [n, D], which are in the units
    of the table where there is one.
    """
    for samples in self._generated(z):
      yield self.columns.restore(samples) if self.columns else samples

  def _generated(self, z: Array) -> Iterator[np.ndarray]:
    for start in range(0, len(z), _CHUNK):
      part = z[start : start + _CHUNK]
      # Filled up, so that the last chunk does not compile again.
      full = jnp.pad(part, ((0, _CHUNK - len(part)), (0, 0)))
      yield self.generate(self.variables, full)[: len(part)]


class TrainedCritic(NamedTuple):
  """A critic that is ready to score.

  Attributes:
    step: after which it was saved.
    score: uint8 images [B, H, W, C] or float32 vectors [B, D] -> [B] float32;
      rows of a table are standardised, as it saw them.
    columns: of the table that it learnt from; None for no table.
  """

  step: int
  score: Callable[[Array], Array]
  columns: Columns | None = None

  def scores(self, examples: np.ndarray) -> np.ndarray:
    """[N] float32 scores of [N, ...], a chunk on the device at a time."""
    parts = []
    for start in range(0, len(examples), _CHUNK):
      part = np.asarray(examples[start : start + _CHUNK])
      # Filled up, so that the last chunk does not compile again.
      full = jnp.asarray(np.resize(part, (_CHUNK, *part.shape[1:])))
      parts.append(jax.device_get(self.score(full))[: len(part)])
    return np.concatenate(parts)


class _Run(NamedTuple):
  """The newest checkpoint of a run, and what its nets are built from."""

  config: Config
  shape: tuple[int, ...]
  columns: Columns | None
  class_counts: tuple[int, ...]
  state: GANState


def load(
  folder: pathlib.Path, weights: str = 'ema', psi: float = 1.0
) -> Trained:
  """The newest generator of a run.

  Args:
    folder: its workdir.
    weights: `ema` for the averaged ones, `raw` for those of the step.
    psi: how far styles stay from their mean; 1 for as they are.

  Raises:
    ValueError: no run there, or none with a whole checkpoint, or a psi for a
      generator without styles.
  """
  run = _read(folder)
  nets = nets_lib.build(run.config.net, run.shape)
  gen, styled = nets.gen, run.config.net.name == 'stylegan'
  if psi != 1:
    _check_styles(run.config.net, psi)
    gen = gen.clone(psi=psi)
  return Trained(
    step=int(run.state.step),
    shape=run.shape,
    latents=latents_lib.of(run.config.net),
    variables={'ema': run.state.ema, 'raw': run.state.variables.gen}[weights],
    generate=sampling.make_generate(gen),
    columns=run.columns,
    class_counts=run.class_counts,
    mixing=sampling.make_mix(gen) if styled else None,
  )


def load_critic(folder: pathlib.Path) -> TrainedCritic:
  """The newest critic of a run; no average of it is kept.

  Args:
    folder: its workdir.

  Raises:
    ValueError: no run there, or none with a whole checkpoint.
  """
  run = _read(folder)
  _check_unlabelled(run.config.net)
  # What is dropped in training is no part of the critic.
  whole = dataclasses.replace(run.config.net, critic_dropout=0.0)
  nets = nets_lib.build(whole, run.shape)
  variables = run.state.variables.critic
  statistics = [name for name in variables if name != 'params']

  def score(variables: Variables, examples: Array) -> Array:
    # As in training, where batch norm uses its own batch.
    return nets.critic.apply(
      variables, to_float(examples), train=True, mutable=statistics
    )[0]

  jitted = jax.jit(score)
  return TrainedCritic(
    int(run.state.step),
    lambda examples: jitted(variables, examples),
    run.columns,
  )


def _read(folder: pathlib.Path) -> _Run:
  config = workdir.load_config(folder)
  facts = workdir.load_data(folder)
  shape, columns = tuple(facts['shape']), columns_lib.of_facts(facts)
  nets = nets_lib.build(config.net, shape)
  where = mesh_lib.shardings(mesh_lib.make_mesh()).state
  target = jax.eval_shape(lambda: state_lib.create(config, nets, shape))
  target = jax.tree.map(
    lambda x: jax.ShapeDtypeStruct(x.shape, x.dtype, sharding=where), target
  )
  place, state = folder / 'checkpoints', None
  if place.is_dir():
    with Checkpoints(place, config.checkpoint, read_only=True) as checkpoints:
      state = checkpoints.restore(target)
  if state is None:
    raise ValueError(
      f'{place} holds no checkpoint to sample from; train first, or wait for '
      'the first save.'
    )
  # A run of before they were noted has none.
  counts = tuple(facts.get('class_counts', ()))
  return _Run(config, shape, columns, counts, state)


def _check_styles(config: Net, psi: float) -> None:
  if config.name != 'stylegan':
    raise ValueError(
      f'psi is {psi:g} and net.name of this run is {config.name}; only the '
      'styles of stylegan can be truncated by it, so it must be 1.'
    )


def _check_unlabelled(config: Net) -> None:
  told = config.classes and config.critic_label != 'auxiliary'
  if told:
    raise ValueError(
      f'The critic of this run is told labels (net.critic_label is '
      f'{config.critic_label}), and examples without them have no score; its '
      'gap cannot be measured.'
    )
