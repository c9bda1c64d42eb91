r"""One WGAN-GP iteration in PyTorch, with the networks of jaxgan.benchmark.

  python docs/torch_peer.py --net=mnist --steps=10
  python docs/torch_peer.py --net=dcgan64 --device=cuda --mode=compile \
    --precision=bf16

An iteration is `critic_steps` critic updates with fresh latents and points, a
generator update, and the moving average of the generator, on random images that
are on the device. The last line of the output is JSON. jaxgan.benchmark runs
this file in its modes `peer` and `accelerator`; jaxgan does not import it.

With --serve, the first line of the output says that the program is compiled.
Then each line of the input is a number of iterations, answered with seconds.

`tests/benchmark/torch_peer_test.py` holds that both programs have the same
parameters and, mirrored along height and width, the same losses and gradients.
"""

import argparse
import itertools
import json
import platform
import statistics
import sys
import time
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

EPSILON = 1e-12  # Inside the root of the gradient norm, as in jaxgan.


class Transposed(nn.ConvTranspose2d):
  """Doubles height and width; `crop` drops the first row and column."""

  def __init__(self, inputs: int, outputs: int, crop: bool = False) -> None:
    super().__init__(inputs, outputs, 5, 2, 2, 1)
    self.crop = int(crop)

  def forward(self, x: Tensor) -> Tensor:
    """[B, C, H, W] -> [B, C', 2H, 2W]."""
    return super().forward(x)[:, :, self.crop :, self.crop :]


class Generator(nn.Module):
  """A linear layer to 4x4 pixels, then layers, then tanh."""

  def __init__(self, width: int, layers: list[nn.Module]) -> None:
    super().__init__()
    self.project = nn.Linear(128, 16 * width)
    self.layers = nn.Sequential(*layers)
    self.width = width

  def forward(self, z: Tensor) -> Tensor:
    """[B, 128] -> [B, C, H, W]."""
    x = self.project(z).reshape(-1, self.width, 4, 4)
    return torch.tanh(self.layers(x))


class Block(nn.Module):
  """A residual block; `resample` is up, down or none."""

  def __init__(self, inputs: int, outputs: int, resample: str) -> None:
    super().__init__()
    up, self.resample = resample == 'up', resample
    middle = outputs if up else inputs
    norm = nn.BatchNorm2d if up else (lambda _: nn.Identity())
    self.norms = nn.ModuleList([norm(inputs), norm(middle)])
    self.first = nn.Conv2d(inputs, middle, 3, 1, 1)
    self.second = nn.Conv2d(middle, outputs, 3, 1, 1)
    same = inputs == outputs and resample == 'none'
    self.skip = nn.Identity() if same else nn.Conv2d(inputs, outputs, 1)

  def forward(self, x: Tensor) -> Tensor:
    """[B, C, H, W] -> [B, C', H', W']."""
    h = functional.relu(self.norms[0](x))
    h = self.first(_double(h) if self.resample == 'up' else h)
    h = self.second(functional.relu(self.norms[1](h)))
    if self.resample == 'down':
      h, x = functional.avg_pool2d(h, 2), functional.avg_pool2d(x, 2)
    x = self.skip(x)
    return h + (_double(x) if self.resample == 'up' else x)


class Mean(nn.Module):
  """Means over height and width, after ReLU."""

  def forward(self, x: Tensor) -> Tensor:
    """[B, C, H, W] -> [B, C]."""
    return functional.relu(x).mean((2, 3))


def _double(x: Tensor) -> Tensor:
  return functional.interpolate(x, scale_factor=2)


def _mlp() -> tuple[nn.Module, nn.Module]:
  def net(outputs: int) -> nn.Module:
    sizes = (2, 512, 512, 512)
    pairs = itertools.pairwise(sizes)
    hidden = [f(a, b) for a, b in pairs for f in (nn.Linear, _relu)]
    return nn.Sequential(*hidden, nn.Linear(512, outputs))

  return net(2), net(1)


def _relu(*_: Any) -> nn.Module:
  return nn.ReLU()


def _convolutional(
  gen: tuple[int, ...], critic: tuple[int, ...], norm: bool
) -> tuple[nn.Module, nn.Module]:
  """Strided 5x5 convolutions, as dcgan of jaxgan."""
  ups: list[nn.Module] = []
  for i, (a, b) in enumerate(itertools.pairwise(gen)):
    ups += [nn.BatchNorm2d(a)] if norm else []
    # 4x4 pixels become 7x7 on the way to 28x28.
    ups += [nn.ReLU(), Transposed(a, b, crop=i == 0 and gen[-1] == 1)]
  downs: list[nn.Module] = []
  for i, (a, b) in enumerate(itertools.pairwise(critic)):
    downs.append(nn.Conv2d(a, b, 5, 2, 2))
    downs += [nn.GroupNorm(1, b)] if norm and i else []
    downs.append(nn.LeakyReLU(0.2))
  score = nn.Linear(16 * critic[-1], 1)
  return Generator(gen[0], ups), nn.Sequential(*downs, nn.Flatten(), score)


def _residual() -> tuple[nn.Module, nn.Module]:
  ups = [Block(128, 128, 'up') for _ in range(3)]
  last = nn.Conv2d(128, 3, 3, 1, 1)
  gen = Generator(128, [*ups, nn.BatchNorm2d(128), nn.ReLU(), last])
  kinds = ('down', 'down', 'none', 'none')
  blocks = [Block(128, 128, kind) for kind in kinds]
  stem = nn.Conv2d(3, 128, 3, 1, 1)
  return gen, nn.Sequential(stem, *blocks, Mean(), nn.Linear(128, 1))


# Shape of an example, length of a latent, and (generator, critic).
NETS: dict[str, tuple[tuple[int, ...], int, Callable[..., Any]]] = {
  'toy': ((2,), 2, _mlp),
  'mnist': (
    (1, 28, 28), 128,
    lambda: _convolutional((256, 128, 64, 1), (1, 64, 128, 256), False),
  ),
  'cifar_resnet': ((3, 32, 32), 128, _residual),
  'dcgan64': (
    (3, 64, 64), 128,
    lambda: _convolutional(
      (512, 256, 128, 64, 3), (3, 64, 128, 256, 512), True
    ),
  ),
}  # fmt: skip


class Losses:
  """Both losses of WGAN-GP, in a precision.

  Attributes:
    gen, critic: the networks.
  """

  def __init__(
    self, gen: nn.Module, critic: nn.Module, kind: str, precision: str
  ) -> None:
    self.gen, self.critic = gen, critic
    self._kind, self._low = kind, precision == 'bf16'

  def score(self, x: Tensor) -> Tensor:
    """Scores [B] float32."""
    with self._autocast():
      return self.critic(x)[:, 0].float()

  def fakes(self, z: Tensor) -> Tensor:
    """Examples float32."""
    with self._autocast():
      return self.gen(z).float()

  def detached(self, z: Tensor) -> Tensor:
    """Examples without a gradient."""
    with torch.no_grad():
      return self.fakes(z)

  def gen_loss(self, z: Tensor) -> Tensor:
    """Minus the mean score."""
    return -self.score(self.fakes(z)).mean()

  def critic_loss(self, real: Tensor, fake: Tensor, alpha: Tensor) -> Tensor:
    """The loss as one program, whose inner gradient is a function."""
    points = real + alpha * (fake - real)
    slope = torch.func.grad(lambda x: self.score(x).sum())(points)
    return self._loss(real, fake, slope)

  def eager_critic_loss(
    self, real: Tensor, fake: Tensor, alpha: Tensor
  ) -> Tensor:
    """The same loss, with the gradient of the gradient on the tape."""
    points = (real + alpha * (fake - real)).requires_grad_(True)
    total = self.score(points).sum()
    (slope,) = torch.autograd.grad(total, points, create_graph=True)
    return self._loss(real, fake, slope)

  def _loss(self, real: Tensor, fake: Tensor, slope: Tensor) -> Tensor:
    squares = slope.float().square().flatten(1).sum(1)
    penalty = ((squares + EPSILON).sqrt() - 1).square().mean()
    scores = self.score(torch.cat([real, fake]))
    gap = scores[: len(real)].mean() - scores[len(real) :].mean()
    return 10 * penalty - gap

  def _autocast(self) -> torch.autocast:
    return torch.autocast(self._kind, torch.bfloat16, enabled=self._low)


class Trainer:
  """Runs iterations."""

  def __init__(self, args: argparse.Namespace) -> None:
    shape, latent, build = NETS[args.net]
    self._device, self._kind = args.device, args.device.split(':')[0]
    layout = torch.contiguous_format
    if args.channels_last and len(shape) == 3:
      layout = torch.channels_last
    gen, critic = (net.to(args.device, memory_format=layout) for net in build())
    self.parameters = sum(
      p.numel() for net in (gen, critic) for p in net.parameters()
    )
    self._gen, self._ema = list(gen.parameters()), []
    self._ema = [p.detach().clone() for p in self._gen]
    self._adams = [
      torch.optim.Adam(net.parameters(), 1e-4, (0.5, 0.9), fused=True)
      for net in (gen, critic)
    ]
    size = (args.critic_steps, args.batch)
    reals = torch.rand(*size, *shape) * 2 - 1
    reals = reals.to(args.device)
    if layout == torch.channels_last:
      reals = torch.stack([r.to(memory_format=layout) for r in reals])
    self._reals, self._latent = reals, (args.batch, latent)
    self._alpha = (args.batch, *(1,) * len(shape))
    losses = Losses(gen, critic, self._kind, args.precision)
    self._losses = [
      losses.detached, losses.eager_critic_loss, losses.gen_loss
    ]  # fmt: skip
    if args.mode == 'compile':
      functions = losses.detached, losses.critic_loss, losses.gen_loss
      self._losses = [torch.compile(f) for f in functions]

  def __call__(self) -> None:
    """Runs an iteration without waiting for its result."""
    fakes, critic_loss, gen_loss = self._losses
    gen_adam, critic_adam = self._adams
    for real in self._reals:
      alpha = torch.rand(self._alpha, device=self._device)
      loss = critic_loss(real, fakes(self._latents()), alpha)
      critic_adam.zero_grad()
      loss.backward()
      critic_adam.step()
    gen_adam.zero_grad()
    gen_loss(self._latents()).backward()
    gen_adam.step()
    with torch.no_grad():
      torch._foreach_lerp_(self._ema, self._gen, 1e-3)

  def seconds(self, count: int) -> float:
    """Returns the seconds until the device has finished iterations."""
    start = time.perf_counter()
    for _ in range(count):
      self()
    if self._kind == 'cuda':
      torch.cuda.synchronize()
    return time.perf_counter() - start

  def peak_bytes(self) -> int | None:
    """Returns the most memory ever allocated; None on the CPU."""
    return torch.cuda.max_memory_allocated() if self._kind == 'cuda' else None

  def _latents(self) -> Tensor:
    return torch.randn(self._latent, device=self._device)


def serve(
  trainer: Trainer, lines: Iterable[str], about: dict[str, Any]
) -> None:
  """Answers each line, a number of iterations, with their seconds."""
  about['first_seconds'] = trainer.seconds(1)
  _print(about | {'parameters': trainer.parameters})
  # Only now, when no other program compiles, does cuDNN choose by time.
  torch.backends.cudnn.benchmark = True
  for line in lines:
    seconds = trainer.seconds(int(line))
    _print({'seconds': seconds, 'peak_bytes': trainer.peak_bytes()})


def measure(trainer: Trainer, args: argparse.Namespace) -> None:
  """Times single iterations and prints the figures."""
  torch.backends.cudnn.benchmark = True
  for _ in range(args.warmup):
    trainer.seconds(1)
  times = [trainer.seconds(1) for _ in range(args.steps)]
  _print(
    vars(args)
    | {
      'seconds_median': statistics.median(times),
      'seconds_min': min(times),
      'seconds_max': max(times),
      'peak_bytes': trainer.peak_bytes(),
    }
  )


def versions(device: str) -> dict[str, Any]:
  """The device and the versions of what computes on it."""
  cuda = device.split(':')[0] == 'cuda'
  return {
    'device': torch.cuda.get_device_name() if cuda else 'cpu',
    'python': platform.python_version(),
    'torch': torch.__version__,
    'cuda': torch.version.cuda,
    'cudnn': torch.backends.cudnn.version(),
  }


def _print(figures: dict[str, Any]) -> None:
  sys.stdout.write(json.dumps(figures) + '\n')
  sys.stdout.flush()


def main() -> None:
  """Reads the flags, and measures or serves."""
  parser = argparse.ArgumentParser(
    description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
  )
  parser.add_argument('--net', choices=sorted(NETS), default='mnist')
  parser.add_argument('--batch', type=int, default=64)
  parser.add_argument('--critic-steps', type=int, default=5)
  parser.add_argument('--steps', type=int, default=10)
  parser.add_argument('--warmup', type=int, default=2)
  parser.add_argument('--device', default='cpu')
  parser.add_argument('--mode', choices=('eager', 'compile'), default='eager')
  parser.add_argument(
    '--precision', choices=('fp32', 'tf32', 'bf16'), default='fp32'
  )
  parser.add_argument('--channels_last', action='store_true')
  parser.add_argument('--serve', action='store_true')
  args = parser.parse_args()
  torch.manual_seed(0)
  tf32 = args.precision != 'fp32'
  torch.backends.cuda.matmul.allow_tf32 = tf32
  torch.backends.cudnn.allow_tf32 = tf32
  trainer = Trainer(args)
  if args.serve:
    serve(trainer, sys.stdin, versions(args.device))
  else:
    measure(trainer, args)


if __name__ == '__main__':
  main()
