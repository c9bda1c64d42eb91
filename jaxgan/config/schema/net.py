"""The section of the networks."""

import dataclasses

from jaxgan.config.schema.fields import free, one_of, within

# fmt: off
_ACTIVATIONS = ('relu', 'leaky_relu', 'elu', 'gelu', 'silu', 'tanh')


@dataclasses.dataclass(frozen=True)
class Net:
  """The generator and the critic."""

  name: str = one_of(
    'dcgan', 'mlp', 'resnet', 'biggan', 'stylegan', 'multiscale', 'r3gan',
    'unet', 'encoder_decoder', 'rrdb', 'table_mlp', doc=
    'Architecture of both nets (docs/nets.md); unet, encoder_decoder and rrdb '
    'are those of game translation, table_mlp is that of tables.')
  latent_size: int = within(128, 1, doc='Z, the length of a latent vector.')
  latent: str = one_of('normal', 'uniform', 'truncated', doc=
    'Distribution of the latents: N(0, 1), U(-1, 1), or N(0, 1) within '
    '[-latent_bound, latent_bound].')
  latent_bound: float = within(2.0, 1e-3, doc=
    'Bound of truncated latents; other latents ignore it.')
  classes: int = within(0, 0, doc=
    'Number of classes of a conditional GAN, as many as the data have. 0 for '
    'an unconditional GAN.')
  gen_label: str = one_of('concat', 'norm', doc=
    'Label of the generator: concatenated with the latent, or as scale and '
    'shift of each class after batch norm. biggan, stylegan and r3gan ignore '
    'it: their norms, styles or first maps get latent and label together.')
  critic_label: str = one_of('concat', 'projection', 'auxiliary', doc=
    'Label of the critic: concatenated with the example, projected onto the '
    'features, or predicted by an auxiliary head (ACGAN).')
  code_classes: int = within(0, 0, doc=
    'Classes of a categorical latent code that the critic predicts from the '
    'sample (InfoGAN). 0 for none.')
  code_size: int = within(0, 0, doc=
    'Number of continuous latent codes in [-1, 1) that the critic predicts '
    'from the sample. 0 for none.')
  gen_widths: tuple[int, ...] = within((256, 128, 64), 1, doc=
    'Features of each layer or resolution, from latent to image.')
  critic_widths: tuple[int, ...] = within((64, 128, 256), 1, doc=
    'Features of each layer or resolution, from image to score.')
  scale: float = within(1.0, 0.01, 100, doc=
    'Factor on all gen_widths and critic_widths, rounded: a larger or smaller '
    'net by one key.')
  gen_norm: str = one_of(
    'none', 'batch', 'layer', 'instance', 'spectral', 'batch_spectral', doc=
    'Normalization in the generator. instance is that of each feature map of '
    'an image; spectral divides each kernel by its largest singular value; '
    'batch_spectral is batch norm and spectral norm.')
  critic_norm: str = one_of(
    'none', 'layer', 'instance', 'batch', 'spectral', doc=
    'Normalization in the critic. batch mixes examples and is refused under a '
    'gradient penalty.')
  gen_activation: str = one_of('default', *_ACTIVATIONS, doc=
    'Activation in the generator; default is that of the paper of the net.')
  critic_activation: str = one_of('default', *_ACTIVATIONS, doc=
    'Activation in the critic; default is that of the paper of the net.')
  init: str = one_of('default', 'glorot', 'he', 'normal', 'orthogonal', doc=
    'Initializer of the kernels; default is that of the paper of the net.')
  critic_dropout: float = within(0.0, 0, 0.9, doc=
    'Dropout rate after each hidden layer of the critic.')
  critic_head: str = one_of('score', 'autoencoder', doc=
    'Output of the critic: a score, or minus the reconstruction error of an '
    'autoencoder (EBGAN).')
  critic_code_size: int = within(32, 1, doc='Code length of the autoencoder.')
  gen_up: str = one_of('transposed', 'nearest', 'subpixel', doc=
    'Upsampling of dcgan and of the nets of game translation: transposed '
    'convolution, nearest neighbors and convolution, or sub-pixel '
    'convolution.')
  critic_stem: str = one_of('conv', 'optimised', doc=
    'First block of the critic of resnet: a convolution, or the residual block '
    'of the WGAN-GP authors that downsamples.')
  critic_plain_blocks: int = within(0, 0, doc=
    'Residual blocks of resnet after the last downsampling of the critic.')
  critic_pool: str = one_of('flatten', 'mean', doc=
    'Reduction of the last feature maps of resnet to a vector.')
  attention: int = within(0, 0, doc=
    'Side of the feature maps with self-attention in both nets (the larger '
    'side); dcgan, resnet and biggan have it. 0 for none.')
  depth: int = within(2, 1, doc=
    'Residual blocks of biggan and r3gan per resolution.')
  blocks: int = within(9, 1, doc=
    'Blocks of encoder_decoder and rrdb at the smallest maps.')
  group_width: int = within(16, 1, doc=
    'Channels per group of the 3x3 convolutions of r3gan. If it does not '
    'divide their channels, their greatest common divisor is used.')
  embed_size: int = within(128, 1, doc=
    'Length of the class embedding in the generators of biggan and r3gan.')
  mapping_layers: int = within(8, 1, doc='Layers of the stylegan mapping net.')
  style_size: int = within(128, 1, doc='W, the length of a style of stylegan.')
  style_mixing: float = within(0.9, 0, 1, doc=
    'Share of the generated examples in training of stylegan that switch to a '
    'second style at a random layer.')
  minibatch_group: int = within(4, 1, doc=
    'Examples per group of the minibatch standard deviation in the critic of '
    'stylegan. 1 for none.')
  scales: int = within(2, 1, doc=
    'Resolutions of multiscale: the generator makes, and the critic scores, '
    'each image at full size, half size, and so on.')
  pack: int = within(1, 1, doc=
    'Rows of a mixed_table that the critic scores together (PacGAN). '
    'train.batch_size must be a multiple of it.')
  temperature: float = within(0.2, 0.01, 10, doc=
    'Temperature of the Gumbel softmax of categories and modes of a '
    'mixed_table.')
  critic_input: bool = free(True, doc=
    'Whether the critic of game translation also reads the input image '
    '(pix2pix).')
  conv: str = one_of('auto', 'lax', 'cudnn', 'matmul', 'winograd', doc=
    'Implementation of convolutions: of XLA, of XLA with derivatives in the '
    'forms of cuDNN, as matrix products, or Winograd. auto chooses the fastest '
    'for the backend.')
