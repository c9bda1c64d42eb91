"""Every module can be imported where POSIX has no modules and signals."""

import os
import subprocess
import sys

import pytest

# The first imports fill sys.modules with other packages, which know by the
# platform what they may import; the second ones are of jaxgan alone.
CODE = """
import os, pkgutil, signal, sys
from absl import flags
import jaxgan

def import_all():
  names = ['jaxgan', *(m.name for m in pkgutil.walk_packages(
    jaxgan.__path__, 'jaxgan.'))]
  for name in names:
    __import__(name)
    for module, own in flags.FLAGS.flags_by_module_dict().items():
      if module.startswith('jaxgan') and module != 'jaxgan.cli':
        for flag in [*own]:
          if flag.name in flags.FLAGS:
            delattr(flags.FLAGS, flag.name)
  return names

import_all()
for name in [n for n in sys.modules if n.split('.')[0] == 'jaxgan']:
  del sys.modules[name]
delattr(flags.FLAGS, 'traceback')
for name in ('fcntl', 'resource', 'pwd', 'grp', 'termios'):
  sys.modules[name] = None
kept = ('SIGABRT', 'SIGFPE', 'SIGILL', 'SIGINT', 'SIGSEGV', 'SIGTERM')
for name in [n for n in dir(signal) if n.startswith('SIG') and n[3] != '_']:
  if name not in kept:
    delattr(signal, name)
for name in ('fork', 'getuid', 'killpg', 'mkfifo', 'sched_getaffinity',
             'sched_setaffinity', 'statvfs', 'O_NOFOLLOW', 'O_NONBLOCK'):
  if hasattr(os, name):
    delattr(os, name)
print(len(import_all()))
from jaxgan.study import jobs
jobs.pin_to_cores(0, 2)
"""


@pytest.mark.slow
def test_every_module_is_imported_without_posix(root):
  done = subprocess.run(
    [sys.executable, '-c', CODE], capture_output=True, text=True,
    env=os.environ | {'XLA_FLAGS': '', 'PYTHONPATH': str(root)},
  )  # fmt: skip
  assert (done.returncode, done.stderr) == (0, '')
  assert int(done.stdout) > 140
