"""Networks and settings of the benchmarks."""

import dataclasses
from collections.abc import Mapping
from typing import Any

from jaxgan.config import Config, from_config_dict

Shape = tuple[int, ...]

_RESNET = {'name': 'resnet', 'gen_norm': 'batch', 'critic_pool': 'mean'}
_CELEBA = {'name': 'celeba', 'image_size': 64}


def _mlp(width: int) -> dict[str, Any]:
  w = (width,) * 3
  return {'name': 'mlp', 'latent_size': 2, 'gen_widths': w, 'critic_widths': w}


# Name -> networks, shape of an example, and a dataset with this shape. The
# PyTorch peer (docs/torch_peer.py) has toy, mnist, cifar_resnet and dcgan64.
NETS: Mapping[str, tuple[dict[str, Any], Shape, dict[str, Any]]] = {
  'toy': (_mlp(512), (2,), {'name': 'gaussians8'}),
  # The networks of configs/studies/toy.py.
  'small_toy': (_mlp(64), (2,), {'name': 'gaussians8'}),
  'small_digits': (
    {'gen_widths': (64, 32), 'critic_widths': (32, 64)},
    (8, 8, 1),
    {'name': 'digits'},
  ),
  'mnist': (
    {'gen_widths': (256, 128, 64), 'critic_widths': (64, 128, 256)},
    (28, 28, 1),
    {'name': 'mnist'},
  ),
  'cifar_resnet': (
    {
      **_RESNET,
      'gen_widths': (128, 128, 128, 128),
      'critic_widths': (128, 128, 128),
      'critic_plain_blocks': 2,
    },
    (32, 32, 3),
    {'name': 'cifar10'},
  ),
  # Far narrower than the authors' 768: for two CPU cores.
  'small_r3gan': (
    {
      'name': 'r3gan',
      'gen_widths': (128, 64, 32, 16),
      'critic_widths': (16, 32, 64, 128),
    },
    (32, 32, 3),
    {'name': 'cifar10'},
  ),
  'dcgan64': (
    {
      'gen_widths': (512, 256, 128, 64),
      'critic_widths': (64, 128, 256, 512),
      'gen_norm': 'batch',
      'critic_norm': 'layer',
    },
    (64, 64, 3),
    _CELEBA,
  ),
  'resnet64': (
    {
      **_RESNET,
      'gen_widths': (512, 512, 256, 128, 64),
      'critic_widths': (64, 128, 256, 512, 512),
      'critic_norm': 'layer',
    },
    (64, 64, 3),
    _CELEBA,
  ),
}

# Values of --precision -> of train.precision.
PRECISIONS = {'fp32': 'float32', 'tf32': 'tf32', 'bf16': 'bf16'}


@dataclasses.dataclass(frozen=True)
class Settings:
  """Settings of a benchmark; the fields are flags of `jaxgan.benchmark`."""

  net: str = 'mnist'
  batch: int = 64
  critic_steps: int = 5
  steps: int = 10
  warmup: int = 2
  mode: str = 'step'
  precision: str = 'fp32'
  conv: str = 'auto'
  seeds: int = 1
  replicas: str = 'auto'


def configuration(settings: Settings, *, log_every: int = 100) -> Config:
  """Returns the WGAN-GP configuration of a benchmark."""
  net, shape, data = NETS[settings.net]
  mock = {'mock_examples': 2048} if len(shape) == 3 else {}
  return from_config_dict(
    {
      'data': data | mock,
      'net': net | {'conv': settings.conv},
      'penalty': {'preset': 'wgan_gp'},
      'train': {
        'batch_size': settings.batch,
        'critic_steps': settings.critic_steps,
        'steps': settings.steps,
        'precision': PRECISIONS[settings.precision],
      },
      'log': {'every_steps': log_every},
      'eval': {'every_steps': log_every},
    }
  )
