"""Functions of all commands: flag parsing, error messages, exit statuses."""

import logging
import os
import pathlib
import re
import sys
import warnings
from collections.abc import Callable
from typing import Any

from absl import app, flags
from absl import logging as absl_logging

from jaxgan.config import files, flatten, unknown_key

_PYTHONS_FORMAT = warnings.formatwarning
_PYTHONS_HOOK = sys.unraisablehook
_TRACEBACK = flags.DEFINE_bool('traceback', False, 'Shows tracebacks.')


def check_no_arguments(argv: list[str]) -> None:
  """Raises app.UsageError if there are positional arguments."""
  if len(argv) > 1:
    raise app.UsageError(f'Unexpected argument {argv[1]!r}.')


def parse(argv: list[str]) -> list[str]:
  """Returns positional arguments; exits at a bad --config (2) or flag (1)."""
  if 'config' in flags.FLAGS:
    flags.FLAGS['config'].parser = _ConfigParser()
  try:
    return flags.FLAGS(argv)
  except flags.Error as error:
    status = 2 if str(error).startswith('flag --config=') else 1
    raise SystemExit(_print_error(error, status)) from error
  except (AttributeError, KeyError) as error:  # Of ml_collections.
    raise SystemExit(_print_error(_unknown_key(argv), 2)) from error


class _ConfigParser(flags.ArgumentParser):
  """Reads --config as `jaxgan.load_config` does: a name or a path."""

  def parse(self, argument: str) -> Any:
    return files.read(argument).lock()


def config_values(
  flag: flags.FlagHolder, *, study: bool = False
) -> dict[str, Any]:
  """Returns the values of --config, with the changes of the command line.

  Raises:
    ValueError: the file is that of a run where `study`, or that of a study
      where not; or changes contradict each other.
  """
  values = flag.value.to_dict()
  if ('train' if study else 'arms') in values:
    kind, example = ('run', 'digits') if not study else ('study', 'studies/toy')
    raise ValueError(
      f'--config is not the config of a {kind}; it must be one, such as '
      f'configs/{example}.py.'
    )
  parsed: Any = flags.FLAGS[flag.name]  # Of a class of ml_collections.
  return files.apply_preset(values, flatten(parsed.override_values))


def run(command: Callable[[], None]) -> int:
  """Runs a command; turns its errors into a message and an exit status.

  Returns:
    0; 2 for bad input (ValueError, OSError); 3 for a failed run
    (FloatingPointError, RunFailed); 128 plus the number of the signal for an
    interrupted run.
  """
  _set_up_logging()
  from jaxgan.training.failures import RunFailed  # Late: --help is fast.
  from jaxgan.training.preemption import Interrupted

  try:
    command()
  except Interrupted as error:
    return _print_error(error, error.status)
  except KeyboardInterrupt:
    return _print_error('interrupted; there was nothing to save.', 130)
  except (FloatingPointError, RunFailed) as error:
    return _print_error(error, 3)
  except (ValueError, OSError) as error:
    if _TRACEBACK.value:
      raise
    return _print_error(error, 2)
  except (RuntimeError, AssertionError):  # Of jax without a device, or a bug.
    reason = _missing_platform()
    if not reason or _TRACEBACK.value:
      raise
    return _print_error(reason, 2)
  return 0


def cache_compiled_programs() -> None:
  """Caches compiled programs on disk, unless JAX already has a cache."""
  import jax  # Late: --help is fast.

  if not os.environ.get('JAX_COMPILATION_CACHE_DIR'):
    cache = os.environ.get('XDG_CACHE_HOME') or pathlib.Path.home() / '.cache'
    jax.config.update('jax_compilation_cache_dir', f'{cache}/jaxgan/programs')


def _missing_platform() -> str:
  """Returns the error message if JAX finds no device; empty if it does."""
  import jax

  platforms = jax.config.jax_platforms  # type: ignore[attr-defined]
  try:
    jax.devices()
  except (RuntimeError, AssertionError):
    jax.config.update('jax_platforms', None)
    found = dict.fromkeys([jax.default_backend(), 'cpu'])
    return (
      f'JAX_PLATFORMS is {platforms}, and JAX finds no such device; it must be '
      f'{" or ".join(found)} here, or be unset for the best device.'
    )
  return ''


def _unknown_key(argv: list[str]) -> str:
  """Names the first --config.KEY that the config file does not have."""
  pattern = r'(?m)^--?(config[\w.]*)[=\n](.*)'
  options = dict(re.findall(pattern, '\n'.join(argv)))
  known = flatten(files.read(options.pop('config')))
  keys = (option.removeprefix('config.') for option in options)
  return unknown_key(next(k for k in keys if k not in known), known)


def _set_up_logging() -> None:
  """Prints the messages of jaxgan as they are, and hides those of others."""
  absl_logging.set_verbosity(absl_logging.FATAL)
  logger = logging.getLogger('jaxgan')
  # Replaced, since stderr may differ for a second command in this process.
  logger.handlers = [logging.StreamHandler()]
  logger.setLevel(logging.INFO)
  logger.propagate = False
  warnings.formatwarning = _format_warning
  # Orbax leaves coroutines behind a save that fails; the error is reported.
  sys.unraisablehook = _hide_coroutines
  warnings.filterwarnings('ignore', 'coroutine .* was never awaited')


def _hide_coroutines(error: Any) -> None:
  if 'Event loop is closed' not in str(error.exc_value):
    _PYTHONS_HOOK(error)


def _format_warning(
  message: Warning | str, category: type[Warning], *place: Any, **line: Any
) -> str:
  """The sentence of a warning of jaxgan alone; for others, as Python does."""
  own = category.__module__.startswith('jaxgan.')
  if own:
    return f'{message}\n'
  return _PYTHONS_FORMAT(message, category, *place, **line)


def _print_error(message: object, status: int) -> int:
  sys.stderr.write(f'jaxgan: {message}\n')
  return status
