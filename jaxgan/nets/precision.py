"""The values of `train.precision`: types of activations, matrix products.

| value | activations | products of float32 | on a GPU | on a TPU |
|---|---|---|---|---|
| float32 | float32 | `highest` | float32 | six bfloat16 passes |
| tf32 | float32 | `high` | TF32 | three bfloat16 passes |
| bf16 | bfloat16 | `highest` | float32 | six bfloat16 passes |

"Products" are matrix products and convolutions, with their derivatives. On a
CPU all of them are float32, so there tf32 equals float32. Under bf16 only the
last layers, norms and styles multiply float32.
"""

import dataclasses
from collections.abc import Mapping

import jaxgan.config as config_lib

# Arguments of `jax.default_matmul_precision`.
PRODUCTS: Mapping[str, str] = {
  'float32': 'highest',
  'tf32': 'high',
  'bf16': 'highest',
}
_ACTIVATIONS: Mapping[str, str] = {
  'float32': 'float32',
  'tf32': 'float32',
  'bf16': 'bfloat16',
}


@dataclasses.dataclass(frozen=True)
class Net(config_lib.Net):
  """The `net` section of a configuration, with the type of activations."""

  dtype: str = 'float32'


def typed(config: config_lib.Net, precision: str = 'float32') -> Net:
  """Adds the type of activations to the `net` section.

  Args:
    config: the section.
    precision: a value of `train.precision`.
  """
  values = {
    field.name: getattr(config, field.name)
    for field in dataclasses.fields(config_lib.Net)
  }
  return Net(**values, dtype=_ACTIVATIONS[precision])
