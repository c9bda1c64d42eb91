"""The generator and the critic."""

import dataclasses

from jaxgan.config.schema.fields import one_of, within


@dataclasses.dataclass(frozen=True)
class Net:
  """The generator and critic pair.

  Attributes:
    name: `mlp`, `dcgan`, `resnet`, `biggan`, `stylegan` or `multiscale`.
    latent_size: Z, the length of a latent vector.
    latent: what its values are drawn from: N(0, 1), U(-1, 1), or N(0, 1)
      within [-latent_bound, latent_bound].
    latent_bound: of the truncated law.
    classes: labels that both nets are told of, as many as the data have; 0 for
      none.
    gen_label: where the generator gets the label: beside the latent, or as a
      scale and a shift of each class after its batch norm (not biggan, whose
      norms see label and latent, nor stylegan, whose mapping does).
    critic_label: where the critic gets it: `concat` beside the example,
      `projection` onto its features, or not at all, and then it must guess
      (`auxiliary`).
    code_classes: choices of a categorical part of the latent that the critic
      must guess from the sample; 0 for none (InfoGAN).
    code_size: numbers in [-1, 1) of the latent that it must guess as well.
    gen_widths: features per layer, from the latent side to the image.
    critic_widths: features per layer, from the image to the score.
    gen_norm, critic_norm: normalisation; batch norm mixes examples, so a
      critic under a penalty must not have it. `spectral` divides each kernel
      by its largest singular value, `batch_spectral` does both.
    gen_activation, critic_activation: between layers; `default` is what the
      net's authors took.
    init: of kernels: `default` is what the net's authors took.
    critic_dropout: share of each hidden layer's values that the critic drops.
    critic_head: a score, or minus the error of an autoencoder.
    critic_code_size: of the autoencoder's code.
    gen_up: how the generator doubles sides: a transposed convolution, nearest
      neighbours and a convolution, or four phases of one convolution
      (sub-pixel) (dcgan only).
    critic_stem: first residual block: a plain convolution, or the authors'
      optimised block (resnet only).
    critic_plain_blocks: residual blocks after the last halving (resnet only).
    critic_pool: how the last features become a vector (resnet only).
    attention: the larger side of the feature maps that look at themselves, in
      both nets; 0 for none (dcgan, resnet and biggan only).
    depth: residual blocks for each size of feature maps (biggan only).
    embed_size: numbers that stand for a class in all norms (biggan only).
    mapping_layers: from latent to style (stylegan only).
    style_size: W, the length of a style (stylegan only).
    style_mixing: share of the fakes in training that have a second style from
      some layer on (stylegan only).
    minibatch_group: examples whose deviation the critic sees; 1 for none
      (stylegan only).
    scales: sizes, each half of the one before, in which the generator makes
      each image and the critic sees it (multiscale only).
    compute_dtype: of activations; parameters and scores are float32.
    conv: how convolutions are computed: by XLA's own, as matrix products, or
      whichever is faster on this backend.
  """

  name: str = 'dcgan'
  latent_size: int = within(128, 1)
  latent: str = one_of('normal', 'uniform', 'truncated')
  latent_bound: float = within(2.0, 1e-3)
  classes: int = within(0, 0)
  gen_label: str = one_of('concat', 'norm')
  critic_label: str = one_of('concat', 'projection', 'auxiliary')
  code_classes: int = within(0, 0)
  code_size: int = within(0, 0)
  gen_widths: tuple[int, ...] = within((256, 128, 64), 1)
  critic_widths: tuple[int, ...] = within((64, 128, 256), 1)
  gen_norm: str = one_of('none', 'batch', 'layer', 'spectral', 'batch_spectral')
  critic_norm: str = one_of('none', 'layer', 'batch', 'spectral')
  gen_activation: str = 'default'
  critic_activation: str = 'default'
  init: str = 'default'
  critic_dropout: float = within(0.0, 0, 0.9)
  critic_head: str = one_of('score', 'autoencoder')
  critic_code_size: int = within(32, 1)
  gen_up: str = one_of('transposed', 'nearest', 'subpixel')
  critic_stem: str = one_of('conv', 'optimised')
  critic_plain_blocks: int = within(0, 0)
  critic_pool: str = one_of('flatten', 'mean')
  attention: int = within(0, 0)
  depth: int = within(2, 1)
  embed_size: int = within(128, 1)
  mapping_layers: int = within(8, 1)
  style_size: int = within(128, 1)
  style_mixing: float = within(0.9, 0, 1)
  minibatch_group: int = within(4, 1)
  scales: int = within(2, 1)
  compute_dtype: str = one_of('float32', 'bfloat16')
  conv: str = one_of('auto', 'lax', 'matmul', 'winograd')
