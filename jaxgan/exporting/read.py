"""An export on disk: samples from it, as from the run itself."""

import hashlib
import pathlib
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from jaxgan.config import Config
from jaxgan.data import columns as columns_lib
from jaxgan.data import untrusted
from jaxgan.data.columns import AnyColumns
from jaxgan.evaluation import run as run_lib
from jaxgan.exporting import extras, metadata, nets, stablehlo, tensors
from jaxgan.gan import problem as problem_lib
from jaxgan.nets import chunks
from jaxgan.nets import latents as latents_lib
from jaxgan.storage import checkpoint
from jaxgan.types import to_uint8

# Inputs of a network by name, [B, ...] each -> its output.
Call = Callable[[Mapping[str, np.ndarray]], np.ndarray]


class ExportedRun(NamedTuple):
  """A run that was exported, without its checkpoints and its logs.

  Attributes:
    folder: of the export.
    metadata: the content of metadata.json.
    config: the configuration of the run.
  """

  folder: pathlib.Path
  metadata: Mapping[str, Any]
  config: Config

  def sample(
    self,
    num: int,
    seed: int = 0,
    *,
    label: int | None = None,
    truncation: float = 0.0,
  ) -> np.ndarray:
    """Draws samples of the exported generator.

    Equal seeds give the samples of `Run.sample`, up to the rounding of another
    algorithm of the convolutions: at most 1 of 255.

    Args:
      num: number of samples, at least 1.
      seed: of the latents.
      label: class of all samples; None for all classes in turn.
      truncation: redraws latent values of larger magnitude; 0 for no bound.

    Returns:
      uint8 images [num, H, W, C], or float32 vectors [num, D] in the units of
      the table.

    Raises:
      ValueError: no generator was exported, it translates images, or as
        `Run.sample`.
    """
    if self.config.game == 'translation':
      raise ValueError(
        'This export translates images, so its generator has no latents; call '
        'its network with images.'
      )
    latents = latents_lib.of(self.config.net)
    z = run_lib.draw(latents, num, seed, label=label, truncation=truncation)
    call = self.network('generator')
    parts = [
      call(nets.split(latents, jnp.asarray(x)))
      for x in chunks.split(np.asarray(z))
    ]
    samples = np.concatenate(parts)
    if samples.ndim == 4:
      return to_uint8(samples)
    columns = self._columns()
    return columns.unstandardize(samples) if columns else samples

  def network(self, name: str = 'generator') -> Call:
    """Opens an exported network.

    Args:
      name: `generator` or `critic`.

    Returns:
      A function of a dict of inputs; `metadata` has their names and shapes.

    Raises:
      ValueError: it was not exported, its file is damaged, or a package that
        it needs is missing.
    """
    if name not in self.metadata['nets']:
      raise ValueError(
        f'{self.folder} holds no {name}; export it by --nets=all.'
      )
    facts = self.metadata['nets'][name]
    path = self.folder / facts['file']
    if hashlib.sha256(_read(path)).hexdigest() != facts.get('sha256'):
      raise ValueError(
        f'{path} is damaged: it does not match its checksum in metadata.json.'
      )
    return _OPEN[self.metadata['kind']](self, name, path)

  def _columns(self) -> AnyColumns | None:
    return columns_lib.from_record(self.metadata['data'])


def _read(path: pathlib.Path) -> bytes:
  try:
    return untrusted.read_file(path)
  except FileNotFoundError as error:
    raise ValueError(f'{path} is missing.') from error


def _open_stablehlo(run: ExportedRun, name: str, path: pathlib.Path) -> Call:
  exported = stablehlo.load(path)
  ports = _ports(run, name)
  expected = [(port.shape, port.dtype) for port in ports]
  if stablehlo.signature(exported) != expected:
    raise ValueError(f'{path} has other inputs than its metadata.json.')

  def call(inputs: Mapping[str, np.ndarray]) -> np.ndarray:
    return np.asarray(exported.call(*(inputs[port.name] for port in ports)))

  return call


def _open_onnx(run: ExportedRun, name: str, path: pathlib.Path) -> Call:
  with extras.needs('onnxruntime', 'onnx'):
    import onnxruntime

  session = onnxruntime.InferenceSession(
    str(path), providers=['CPUExecutionProvider']
  )
  names = [port.name for port in _ports(run, name)]

  def call(inputs: Mapping[str, np.ndarray]) -> np.ndarray:
    return session.run(None, {name: inputs[name] for name in names})[0]

  return call


def _open_safetensors(run: ExportedRun, name: str, path: pathlib.Path) -> Call:
  variables = tensors.load(path)
  facts = run.metadata
  if checkpoint.digest(variables) != facts['nets'][name]['weights_sha256']:
    raise ValueError(f'{path} has other weights than metadata.json states.')
  precision, conv = facts['precision'], run.config.net.conv
  net = nets.build(_problem(run), name, variables, precision, conv)
  apply = jax.jit(net.function)

  def call(inputs: Mapping[str, np.ndarray]) -> np.ndarray:
    ordered = (inputs[port.name] for port in net.inputs)
    return np.asarray(apply(variables, *ordered))

  return call


_OPEN = {
  'stablehlo': _open_stablehlo,
  'onnx': _open_onnx,
  'safetensors': _open_safetensors,
}


def _ports(run: ExportedRun, name: str) -> list[nets.Port]:
  try:
    return [
      nets.Port(**{**port, 'shape': tuple(port['shape'][1:])})
      for port in run.metadata['nets'][name]['inputs']
    ]
  except (KeyError, TypeError) as error:
    raise ValueError(
      f'{run.folder / metadata.NAME} is damaged; the inputs of its {name} do '
      'not fit.'
    ) from error


def _problem(run: ExportedRun) -> problem_lib.Problem:
  """The problem of the run, for data of the shape of its examples."""
  config, facts = run.config, run.metadata
  shape = tuple(facts['example_shape'])
  pairs = config.translation.input in ('pair', 'unpaired')
  if config.game == 'translation' and pairs:
    shape = (2 * shape[0], *shape[1:])  # Two images, one above the other.
  return problem_lib.build(config, shape, num_classes=config.net.classes)


def is_export(folder: pathlib.Path) -> bool:
  """Whether a folder holds an export, and no run."""
  return (folder / metadata.NAME).is_file() and not (
    folder / 'config.json'
  ).exists()


def load(folder: str | pathlib.Path) -> ExportedRun:
  """Opens an export.

  Raises:
    ValueError: its metadata.json is damaged.
  """
  path = pathlib.Path(folder)
  facts = metadata.read(path)
  return ExportedRun(path, facts, metadata.config_of(facts))
