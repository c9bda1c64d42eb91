"""Compiles a program that runs once, such as the one that makes a state."""

from collections.abc import Callable
from typing import Any

import jax

# Names of XLA's own options, which jax 0.7 to 0.12 know.
_QUICK = {
  'xla_backend_optimization_level': 0,
  'xla_llvm_disable_expensive_passes': True,
  'xla_cpu_use_fusion_emitters': False,
}


def once(function: Callable[..., Any], **options: Any) -> Callable[..., Any]:
  """Returns `jax.jit(function)` for a program that runs once.

  On a CPU it is compiled in a fraction of the time and not optimized. Random
  initial weights then differ in their last bits. Elsewhere nothing differs.
  The function must not be called inside another jitted one: jax refuses that.

  Args:
    function: as for `jax.jit`.
    **options: of `jax.jit`.
  """
  quick = _QUICK if jax.default_backend() == 'cpu' else None
  return jax.jit(function, compiler_options=quick, **options)
