"""Imports of optional packages: says how to install one that is missing."""

import contextlib
from collections.abc import Iterator


@contextlib.contextmanager
def needs(package: str, extra: str) -> Iterator[None]:
  """Explains an import in the block that fails.

  Args:
    package: that the block imports.
    extra: of jaxgan, which installs it.

  Raises:
    ValueError: it is not installed; the message says how to install it.
  """
  try:
    yield
  except ImportError as error:
    raise ValueError(
      f'This format needs the package {package}, which is not installed: '
      f"pip install 'jaxgan[{extra}]'."
    ) from error
