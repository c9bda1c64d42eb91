"""Opens and prepares the data sets of tfds.

tfds prepares a data set once: it downloads it and writes a copy to disk. This
needs TensorFlow, and the network or the files in `data.path`. A prepared copy
in the array_record format is read without TensorFlow.
"""

import difflib
import importlib.util
import queue
import socket
import threading
import time
import urllib.request
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import urlsplit

import tensorflow_datasets as tfds

from jaxgan.config import Data
from jaxgan.data.builders import builder as builder_lib
from jaxgan.data.builders.recipe import require_path
from jaxgan.storage import atomic

_TIMEOUT_SECONDS = 3.0
_PORTS = {'http': 80, 'ftp': 21}
_READ_WITHOUT_TF = ('mnist', 'fashion_mnist', 'cifar10', 'celeba', 'celeb_a')


def open_builder(
  config: Data, own_names: Iterable[str]
) -> tfds.core.DatasetBuilder:
  """Opens the tfds builder that `data.name` names, prepared or not.

  Args:
    config: reads name (`celeba` means tfds' `celeb_a`) and dir.
    own_names: jaxgan's own data sets, suggested if the name is unknown.

  Raises:
    ValueError: tfds has no such builder or cannot construct it, or the
      prepared copy is in a format that only TensorFlow reads.
  """
  name = 'celeb_a' if config.name == 'celeba' else config.name
  location = {'data_dir': config.dir or None}
  try:
    builder = tfds.builder(name, **location)
    if not builder_lib.is_prepared(builder):
      return tfds.builder(name, file_format='array_record', **location)
  except tfds.core.DatasetNotFoundError as error:
    raise ValueError(_unknown(name, own_names)) from error
  except Exception as error:  # Builders may raise errors of any type.
    raise ValueError(
      f'data.name is {name!r}, and tfds cannot open it: {_one_line(error)}'
    ) from error
  formats = {each.value for each in builder.info.available_file_formats()}
  if 'array_record' not in formats:
    raise ValueError(
      f'{name} is prepared in {builder.data_dir} as '
      f'{", ".join(sorted(formats))}; it must be array_record, so remove that '
      'copy or set data.dir to another folder.'
    )
  return builder


def prepare(builder: tfds.core.DatasetBuilder, config: Data) -> None:
  """Downloads and prepares a data set, after checking that this can succeed.

  Args:
    builder: from `open_builder`, not prepared.
    config: reads name and path, a folder with the downloaded files, or empty.

  Raises:
    FileNotFoundError: the path does not exist.
    ValueError: TensorFlow is missing, no host answers, or tfds fails.
    DiskError: the disk is full or read-only.
  """
  folder = None
  if config.path:
    folder = require_path(config, 'the folder of its files')
  if importlib.util.find_spec('tensorflow') is None:
    own_files = ', or set data.path to the folder of its files'
    raise ValueError(
      f'{config.name} is not prepared in {builder.data_dir}, and tfds needs '
      "TensorFlow to prepare it; run pip install 'jaxgan[tf]'"
      f'{own_files if config.name in _READ_WITHOUT_TF else ""}.'
    )
  _check_network(builder, config.name, folder)
  download = tfds.download.DownloadConfig(
    manual_dir=folder and str(folder), try_download_gcs=False
  )
  try:
    builder_lib.prepare(builder, download_config=download)
  except atomic.DiskError:
    raise
  except Exception as error:  # Downloads, checksums, the builder's own code.
    raise ValueError(
      f'tfds cannot prepare {config.name}; {_advice(_downloads(builder))}; its '
      f'error message is: {_one_line(error)}'
    ) from error


def _check_network(
  builder: tfds.core.DatasetBuilder, name: str, folder: Path | None
) -> None:
  """Raises a ValueError if a download is needed and no host can be reached."""
  missing = {
    url: file
    for url, file in _downloads(builder).items()
    if not (folder and (folder / file).exists())
  }
  if not missing or urllib.request.getproxies() or _is_reachable(missing):
    return
  hosts = sorted({str(urlsplit(url).hostname) for url in missing})
  raise ValueError(
    f'{name} is not prepared in {builder.data_dir}, and '
    f'{_first_five(hosts)} cannot be reached; {_advice(missing)}.'
  )


def _is_reachable(urls: Iterable[str]) -> bool:
  """Returns whether at least one host of the URLs answers in time."""
  hosts = {
    (part.hostname, part.port or _PORTS.get(part.scheme, 443))
    for part in map(urlsplit, urls)
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

  # In threads, because a DNS lookup has no timeout.
  for host, port in sorted(hosts):
    threading.Thread(target=probe, args=(host, port), daemon=True).start()
  try:
    return any(
      answers.get(timeout=max(0.0, deadline - time.monotonic())) for _ in hosts
    )
  except queue.Empty:
    return False


def _downloads(builder: tfds.core.DatasetBuilder) -> dict[str, str]:
  """Maps the URLs that a builder downloads to the names of the files."""
  return {
    url: info.filename or Path(urlsplit(url).path).name
    for url, info in (builder.url_infos or {}).items()
  }


def _advice(downloads: dict[str, str]) -> str:
  names = sorted(set(downloads.values()))
  files = f' ({_first_five(names)})' if names else ''
  return f'put its files{files} into a folder and set data.path to it'


def _first_five(names: list[str]) -> str:
  more = f' and {len(names) - 5} more' if len(names) > 5 else ''
  return ', '.join(names[:5]) + more


def _unknown(name: str, own_names: Iterable[str]) -> str:
  known = {*own_names, *tfds.list_builders(with_community_datasets=False)}
  close = difflib.get_close_matches(name, sorted(known), n=4, cutoff=0.5)
  suggestion = f'; did you mean {" or ".join(close)}?' if close else '.'
  return (
    f'data.name is {name!r}, which is neither a data set of jaxgan '
    f'({", ".join(sorted(own_names))}) nor one of tfds{suggestion}'
  )


def _one_line(error: Exception) -> str:
  """Returns an error message on one line, cut after 300 characters."""
  text = ' '.join(str(error).split()) or type(error).__name__
  return text if len(text) <= 300 else f'{text[:300]} ...'
