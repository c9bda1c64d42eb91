"""A trained generator, read back from the workdir of its run."""

import pathlib
from collections.abc import Iterator
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from jaxgan import mesh as mesh_lib
from jaxgan import sampling, workdir
from jaxgan import state as state_lib
from jaxgan.checkpoint import Checkpoints
from jaxgan.nets import catalog as nets_lib
from jaxgan.schema import Checkpoint
from jaxgan.state import GANState
from jaxgan.types import Array, Variables

_CHUNK = 256


class Trained(NamedTuple):
  """A generator that is ready to draw from.

  Attributes:
    step: after which it was saved.
    shape: of one image, (H, W, C), or of one vector, (D,).
    latent_size: Z.
    variables: its parameters and statistics.
    generate: (variables, latents) -> samples on the host.
  """

  step: int
  shape: tuple[int, ...]
  latent_size: int
  variables: Variables
  generate: sampling.Generate

  def stream(self, z: Array) -> Iterator[np.ndarray]:
    """Samples of the latents [N, Z], in chunks of bounded memory."""
    for start in range(0, len(z), _CHUNK):
      part = z[start : start + _CHUNK]
      # Filled up, so that the last chunk does not compile again.
      full = jnp.pad(part, ((0, _CHUNK - len(part)), (0, 0)))
      yield self.generate(self.variables, full)[: len(part)]


def load(folder: pathlib.Path, weights: str = 'ema') -> Trained:
  """The newest generator of a run.

  Args:
    folder: its workdir.
    weights: `ema` for the averaged ones, `raw` for those of the step.

  Raises:
    ValueError: no run there, or none with a whole checkpoint.
  """
  config = workdir.load_config(folder)
  shape = tuple(workdir.load_data(folder)['shape'])
  nets = nets_lib.build(config.net, shape)
  where = mesh_lib.shardings(mesh_lib.make_mesh()).state
  target = jax.eval_shape(lambda: state_lib.create(config, nets, shape))
  target = jax.tree.map(
    lambda x: jax.ShapeDtypeStruct(x.shape, x.dtype, sharding=where), target
  )
  state = _restore(folder / 'checkpoints', config.checkpoint, target)
  return Trained(
    step=int(state.step),
    shape=shape,
    latent_size=config.net.latent_size,
    variables={'ema': state.ema, 'raw': state.variables.gen}[weights],
    generate=sampling.make_generate(nets.gen),
  )


def _restore(
  folder: pathlib.Path, config: Checkpoint, target: GANState
) -> GANState:
  state = None
  if folder.is_dir():
    with Checkpoints(folder, config, read_only=True) as checkpoints:
      state = checkpoints.restore(target)
  if state is None:
    raise ValueError(
      f'{folder} holds no checkpoint to sample from; train first, or wait for '
      'the first save.'
    )
  return state
