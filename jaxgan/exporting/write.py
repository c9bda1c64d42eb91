"""Exports the networks of a run to a new folder."""

import json
import pathlib
from typing import Any

import jax
import numpy as np

from jaxgan.config import pick
from jaxgan.evaluation import restore
from jaxgan.exporting import (
  card,
  extras,
  metadata,
  nets,
  onnx_model,
  stablehlo,
  tensors,
)
from jaxgan.exporting.metadata import ENDINGS, Licenses
from jaxgan.exporting.nets import Net
from jaxgan.gan.problem import Problem
from jaxgan.gan.state import GANState
from jaxgan.storage import atomic, workdir

_CLOSE = 1e-4  # Between ONNX Runtime and jax, for outputs of size 1.
_EXAMPLES = 3  # That are compared; of a critic with groups, so many groups.


def check(out: pathlib.Path, kind: str) -> None:
  """Checks an output before any work.

  Raises:
    ValueError: an unknown format, or `out` exists and would be overwritten.
  """
  pick('format', kind, {**ENDINGS, 'card': '.md'})
  workdir.local(out)
  if kind == 'card':
    if out.suffix.lower() != '.md':
      raise ValueError(
        f'--out is {str(out)!r}; a card is a file that ends in .md.'
      )
    if out.exists():
      raise ValueError(f'{out} already exists; give a new .md as --out.')
    return
  if out.suffix.lower() in (*ENDINGS.values(), '.zip', '.md'):
    raise ValueError(
      f'--out is {str(out)!r}; an export is a folder, with its metadata and '
      'its card beside the weights.'
    )
  if out.exists() and (not out.is_dir() or any(out.iterdir())):
    raise ValueError(
      f'{out} is not empty; give a new or empty folder as --out.'
    )


def export_run(
  folder: pathlib.Path,
  out: pathlib.Path,
  *,
  kind: str = 'stablehlo',
  which: str = 'gen',
  weights: str = 'ema',
  licenses: Licenses = Licenses(),  # noqa: B008  Frozen.
) -> None:
  """Exports the newest networks of a run.

  The folder gets one file per network, metadata.json and README.md, the model
  card; for `card`, that one file alone is written.

  Args:
    folder: workdir of the run.
    out: a new or empty folder; a new .md for `card`.
    kind: stablehlo, onnx, safetensors or card.
    which: the networks, gen, critic or all.
    weights: of the generator, `ema` or `raw`.
    licenses: as the user states them.

  Raises:
    ValueError: as `check`; no run or checkpoint there, a network that has no
      such export, or a missing package.
  """
  check(out, kind)
  problem, state = restore.load_state(folder)
  if problem.networks.table and kind != 'card':
    raise ValueError(
      f'{folder} is a run on a table with categories, whose networks are not '
      'exported; draw rows by python -m jaxgan.sample.'
    )
  facts = metadata.of_run(folder, problem, int(state.step), licenses)
  facts |= {'weights': weights, 'kind': kind, 'nets': {}}
  if kind == 'card':
    workdir.make(out.parent)
    atomic.write_text(out, card.make(folder, problem, state, facts))
    return
  files = _files(problem, state, which, facts)
  workdir.make(out)
  for name, content in files.items():
    with atomic.replacing(out / name) as temporary:
      temporary.write_bytes(content)
  text = card.make(folder, problem, state, facts)
  atomic.write_text(out / 'README.md', text)
  # The last one: a folder without it is no export.
  atomic.write_text(out / metadata.NAME, json.dumps(facts, indent=2) + '\n')


def _files(
  problem: Problem, state: GANState, which: str, facts: dict[str, Any]
) -> dict[str, bytes]:
  """Serializes the networks, and adds them to the facts."""
  kind = facts['kind']
  precision = facts['precision']
  if kind == 'onnx' and precision == 'bf16':
    # ONNX Runtime has no convolutions in bfloat16 on the CPU.
    precision = facts['precision'] = 'float32'
  files = {}
  chosen = nets.choose(problem, state, which, facts['weights'], precision)
  for net in chosen:
    name = net.name + ENDINGS[kind]
    files[name] = serialize(net, kind, metadata.texts(facts))
    facts['nets'][net.name] = metadata.of_net(net, name, files[name])
  return files


def serialize(net: Net, kind: str, texts: dict[str, str]) -> bytes:
  """Serializes a network.

  Args:
    net: from `nets.build`.
    kind: stablehlo, onnx or safetensors.
    texts: facts that the file carries, where its format can.

  Raises:
    ValueError: an operation that ONNX does not have, an ONNX model that gives
      other numbers, or a missing package.
  """
  texts = {key: text for key, text in texts.items() if key != 'nets'}
  if kind == 'stablehlo':
    return stablehlo.serialize(net)
  if kind == 'safetensors':
    return tensors.serialize(net.variables, {**texts, 'file_of': net.name})
  ports = {port.name: port for port in net.inputs}
  structs = dict(zip(ports, net.structs(), strict=True))
  model = onnx_model.translate(
    net.bound, structs, net.output.name, {**texts, 'file_of': net.name}
  )
  _compare(net, model)
  return model


def _compare(net: Net, model: bytes) -> None:
  """Compares an ONNX model with its network, in ONNX Runtime.

  Raises:
    ValueError: they differ, or the package onnxruntime is missing.
  """
  with extras.needs('onnxruntime', 'onnx'):
    import onnxruntime

  rng = np.random.default_rng(0)
  inputs = [
    rng.normal(size=(_EXAMPLES * net.multiple, *port.shape)).astype(port.dtype)
    if port.dtype == 'float32'
    else np.zeros(_EXAMPLES * net.multiple, port.dtype)
    for port in net.inputs
  ]
  session = onnxruntime.InferenceSession(
    model, providers=['CPUExecutionProvider']
  )
  names = [port.name for port in net.inputs]
  (found,) = session.run(None, dict(zip(names, inputs, strict=True)))
  expected = np.asarray(jax.jit(net.bound)(*inputs))
  scale = max(1.0, float(np.abs(expected).max()))
  if not np.abs(found - expected).max() <= _CLOSE * scale:
    raise ValueError(
      f'The ONNX model of the {net.name} differs from the network in ONNX '
      'Runtime and is not written; export it by --format=stablehlo.'
    )
