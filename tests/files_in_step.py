"""Counts the project's files that run in one training step.

  python tests/files_in_step.py

Traces one iteration of a plain WGAN-GP (MLPs, `penalty.preset` wgan_gp) and
prints every file of jaxgan/ in which a function is called.
"""

import pathlib
import sys

ROOT = pathlib.Path(__file__).parents[1]


def files():
  """Paths relative to jaxgan/ of the files that run while a step is traced."""
  sys.path[:0] = [str(ROOT), str(ROOT / 'tests')]
  import jax
  import small

  config = small.config(penalty={'preset': 'wgan_gp'})
  state, train_step, mesh = small.make(config)
  batch = small.batch(config, mesh)
  package, called = str(ROOT / 'jaxgan') + '/', set()

  def note(frame, event, argument):
    del argument
    if event == 'call':
      called.add(frame.f_code.co_filename)

  jax.clear_caches()
  sys.setprofile(note)
  try:
    train_step.lower(state, batch)
  finally:
    sys.setprofile(None)
  return sorted(
    path.removeprefix(package) for path in called if path.startswith(package)
  )


if __name__ == '__main__':
  names = files()
  print('\n'.join(names))
  print(f'{len(names)} files run in one plain WGAN-GP step.')
