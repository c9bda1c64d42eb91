"""What the commands share: how an error reads, and what they exit with."""

import logging
import os
import pathlib
import re
import sys
from collections.abc import Callable

from absl import app, flags
from absl import logging as absl_logging

_TRACEBACK = flags.DEFINE_bool(
  'traceback', False, 'Show where an error came from, not only its sentence.'
)


def no_more(argv: list[str]) -> None:
  """Refuses arguments that are no flags.

  Raises:
    app.UsageError: there are some.
  """
  if len(argv) > 1:
    raise app.UsageError(f'Unexpected argument {argv[1]!r}.')


def parse(argv: list[str]) -> list[str]:
  """Parses flags; a bad config file or key ends the program with a sentence.

  Args:
    argv: the command line.

  Returns:
    What is left of it.
  """
  try:
    return app.parse_flags_with_usage(argv)
  except OSError as error:
    sentence = unreadable(error)
  except (AttributeError, KeyError) as error:  # From ml_collections.
    name = re.findall(r'\w+', str(error))[0]
    given = [arg.split('=')[0].removeprefix('--config.') for arg in argv]
    key = next((k for k in given if name in k.split('.')), name)
    sentence = f'Unknown config key {key}; configs/default.py lists the keys.'
  raise SystemExit(_say(f'jaxgan: {sentence}', 2))


def unreadable(error: OSError) -> str:
  """The sentence for a config file that ml_collections could not load."""
  cause = str(error).strip().split('\n')[-1].strip()
  return f'--config cannot be read ({cause}).'


def run(command: Callable[[], None]) -> int:
  """Runs a command and turns its errors into a sentence and a status.

  Args:
    command: raises ValueError or OSError for what the user can mend,
      FloatingPointError or RunFailed where a run went wrong.

  Returns:
    0; 2 for an error; 3 for a run that went wrong; 128 plus the signal's number
    for one that was interrupted.
  """
  _talk()
  # Late, so that --help answers at once.
  from jaxgan.training.failures import RunFailed
  from jaxgan.training.preemption import Interrupted

  try:
    command()
  except Interrupted as event:
    return _say(f'jaxgan: {event}', event.status)
  except KeyboardInterrupt:
    return _say('jaxgan: interrupted; nothing was under way to save.', 130)
  except (FloatingPointError, RunFailed) as error:
    return _say(f'jaxgan: {error}', 3)
  except (ValueError, OSError) as error:
    if _TRACEBACK.value:
      raise
    return _say(f'jaxgan: {error}', 2)
  return 0


def keep_programs() -> None:
  """Keeps compiled programs for the next start, unless jax was told where."""
  import jax  # Late, so that --help answers at once.

  if not os.environ.get('JAX_COMPILATION_CACHE_DIR'):
    cache = os.environ.get('XDG_CACHE_HOME') or pathlib.Path.home() / '.cache'
    folder = pathlib.Path(cache) / 'jaxgan' / 'programs'
    jax.config.update('jax_compilation_cache_dir', str(folder))


def _talk() -> None:
  """Lets jaxgan's own messages through, plain, and nobody else's chatter."""
  absl_logging.set_verbosity(absl_logging.ERROR)
  handler = logging.StreamHandler()
  handler.setFormatter(logging.Formatter('%(message)s'))
  logger = logging.getLogger('jaxgan')
  # One, and of today: a second command in a process has another stderr.
  logger.handlers = [handler]
  logger.setLevel(logging.INFO)
  logger.propagate = False


def _say(sentence: str, status: int) -> int:
  sys.stderr.write(sentence + '\n')
  return status
