"""The builders that tfds itself has, by name.

A copy that is prepared as array_record is read without TensorFlow; preparing
one needs TensorFlow, and either the network or the files in `data.path`.
"""

import difflib
import importlib.util
import queue
import socket
import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Iterable
from pathlib import Path

import tensorflow_datasets as tfds

from jaxgan.config import Data
from jaxgan.data.builders import builder as builder_lib
from jaxgan.data.builders.recipe import existing

_TIMEOUT_SECONDS = 3.0
_PORTS = {'http': 80, 'ftp': 21}


def open_builder(config: Data, ours: Iterable[str]) -> tfds.core.DatasetBuilder:
  """The tfds builder that `data.name` names, prepared or not.

  Args:
    config: reads name (`celeba` stands for tfds' `celeb_a`) and dir.
    ours: further names to suggest where this one is unknown.

  Raises:
    ValueError: tfds has no such builder or cannot construct it, or a prepared
      copy is there in a format that only TensorFlow reads.
  """
  name = 'celeb_a' if config.name == 'celeba' else config.name
  kept = {'data_dir': config.dir or None}
  try:
    builder = tfds.builder(name, **kept)
    if not builder_lib.is_prepared(builder):
      return tfds.builder(name, file_format='array_record', **kept)
  except tfds.core.DatasetNotFoundError as error:
    raise ValueError(_unknown(name, ours)) from error
  except Exception as error:  # Whatever a builder's own code raises.
    raise ValueError(
      f'data.name is {name!r}, and tfds cannot open it: {_brief(error)}'
    ) from error
  formats = {each.value for each in builder.info.available_file_formats()}
  if 'array_record' not in formats:
    raise ValueError(
      f'{name} is prepared in {builder.data_dir} as '
      f'{", ".join(sorted(formats))}, and only array_record can be read '
      'without TensorFlow; remove that copy or set data.dir to another folder.'
    )
  return builder


def prepare(builder: tfds.core.DatasetBuilder, config: Data) -> None:
  """Downloads and prepares a data set, or says at once what is in the way.

  Args:
    builder: from `open_builder`, not prepared.
    config: reads name and path, a folder with the files as they are
      downloaded.

  Raises:
    FileNotFoundError: there is nothing at path.
    ValueError: TensorFlow is missing, no host answers, or tfds fails.
  """
  manual = existing(config, 'the folder of its files') if config.path else None
  if importlib.util.find_spec('tensorflow') is None:
    raise ValueError(
      f'{config.name} is not prepared in {builder.data_dir}, and tfds needs '
      "TensorFlow to prepare it; run pip install 'jaxgan[tf]'"
      f'{_own_files(config)}.'
    )
  _check_network(builder, config.name, manual)
  download = tfds.download.DownloadConfig(
    manual_dir=manual and str(manual), try_download_gcs=False
  )
  try:
    builder_lib.prepare(builder, download_config=download)
  except Exception as error:  # Downloads, checksums, a builder's own code.
    raise ValueError(
      f'tfds cannot prepare {config.name}; {_where(_downloads(builder))}; what '
      f'it says is: {_brief(error)}'
    ) from error


def _check_network(
  builder: tfds.core.DatasetBuilder, name: str, manual: Path | None
) -> None:
  """Raises a ValueError where downloads would only be retried in vain."""
  missing = {
    url: file
    for url, file in _downloads(builder).items()
    if not (manual and (manual / file).exists())
  }
  if not missing or urllib.request.getproxies() or _reachable(missing):
    return
  hosts = sorted({str(urllib.parse.urlsplit(url).hostname) for url in missing})
  raise ValueError(
    f'{name} is not prepared in {builder.data_dir}, and '
    f'{_some(hosts)} cannot be reached; {_where(missing)}.'
  )


def _reachable(urls: Iterable[str]) -> bool:
  """Whether any host of some URLs answers within a few seconds."""
  parts = [urllib.parse.urlsplit(url) for url in urls]
  hosts = {
    (part.hostname, part.port or _PORTS.get(part.scheme, 443))
    for part in parts
    if part.hostname
  }
  answers: queue.Queue[bool] = queue.Queue()
  deadline = time.monotonic() + _TIMEOUT_SECONDS

  def probe(host: str, port: int) -> None:
    try:
      socket.create_connection((host, port), _TIMEOUT_SECONDS).close()
      answers.put(True)
    except OSError:
      answers.put(False)

  # Threads, because looking up a name cannot be given a timeout.
  for host, port in sorted(hosts):
    threading.Thread(target=probe, args=(host, port), daemon=True).start()
  try:
    return any(
      answers.get(timeout=max(0.0, deadline - time.monotonic())) for _ in hosts
    )
  except queue.Empty:
    return False


def _downloads(builder: tfds.core.DatasetBuilder) -> dict[str, str]:
  """File names by URL of what the builder downloads, as far as tfds knows."""
  return {
    url: info.filename or Path(urllib.parse.urlsplit(url).path).name
    for url, info in (builder.url_infos or {}).items()
  }


def _where(downloads: dict[str, str]) -> str:
  names = sorted(set(downloads.values()))
  files = f' ({_some(names)})' if names else ''
  return f'put its files{files} into a folder and set data.path to it'


def _own_files(config: Data) -> str:
  """How to do without TensorFlow, for the data sets that can."""
  if config.name in ('mnist', 'fashion_mnist', 'cifar10', 'celeba', 'celeb_a'):
    return ', or set data.path to the folder of its files'
  return ''


def _some(names: list[str]) -> str:
  more = f' and {len(names) - 5} more' if len(names) > 5 else ''
  return ', '.join(names[:5]) + more


def _unknown(name: str, ours: Iterable[str]) -> str:
  known = {*ours, *tfds.list_builders(with_community_datasets=False)}
  close = difflib.get_close_matches(name, sorted(known), n=4, cutoff=0.5)
  meant = f'; did you mean {" or ".join(close)}?' if close else '.'
  return (
    f'data.name is {name!r}, which is neither a data set of jaxgan '
    f'({", ".join(sorted(ours))}) nor one of tfds{meant}'
  )


def _brief(error: Exception) -> str:
  """The start of a message, on one line."""
  text = ' '.join(str(error).split()) or type(error).__name__
  return text if len(text) <= 300 else f'{text[:300]} ...'
