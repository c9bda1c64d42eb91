"""The sections of the objective: loss, gradient penalty, regularizers."""

import dataclasses

from jaxgan.config.presets import PRESETS
from jaxgan.config.schema.fields import free, one_of, some_of, within

# fmt: off


@dataclasses.dataclass(frozen=True)
class Loss:
  """The losses of generator and critic."""

  name: str = one_of(
    'wasserstein', 'minimax', 'nonsaturating', 'least_squares', 'hinge',
    'relativistic', 'energy', doc=
    'The pair of losses (docs/losses.md).')
  smooth_real: float = within(0.0, 0, 0.5, doc=
    'Label smoothing: real examples have the label 1 - smooth_real. Only '
    'minimax, nonsaturating and least_squares have labels.')
  smooth_fake: float = within(0.0, 0, 0.5, doc=
    'Label smoothing: generated examples have the label smooth_fake.')
  margin: float = within(1.0, 0, doc=
    'Energy above which a generated example adds no loss (energy only).')
  pull_away: float = within(0.0, 0, doc=
    'Weight of the pull-away term, the mean squared cosine between codes of '
    'generated examples (energy only).')
  auxiliary: float = within(1.0, 0, doc=
    'Weight of the cross-entropy of predicted labels (ACGAN).')
  condition: float = within(1.0, 0, doc=
    'Weight of the cross-entropy of the category that a row is generated for '
    '(mixed_table with data.condition).')
  information: float = within(1.0, 0, doc=
    'Weight of the loss of predicted codes (InfoGAN).')
  l1: float = within(0.0, 0, doc=
    'Weight of the mean absolute error of the generator (game translation).')
  cycle: float = within(0.0, 0, doc=
    'Weight of the mean absolute error of images that are translated and '
    'translated back (CycleGAN).')
  identity: float = within(0.0, 0, doc=
    'Weight of the mean absolute change of images that are in the domain of '
    'the generator already (CycleGAN).')
  adversarial: float = within(1.0, 0, doc=
    'Weight of the generator loss of the scores. 0 trains it by the other '
    'terms alone.')
  adversarial_balance: str = one_of('fixed', 'adaptive', doc=
    'adaptive multiplies this weight by the gradient norm of the losses of '
    'images over that of the scores, at the last layer of the generator of '
    'game translation (VQGAN).')
  features: float = within(0.0, 0, doc=
    'Weight of the mean squared difference of feature maps (game translation).')
  style: float = within(0.0, 0, doc=
    'Weight of the squared difference of the Gram matrices of feature maps '
    '(game translation).')
  features_net: str = free('', doc=
    'Net of the feature maps: .npz of jaxgan.classify for images of the size '
    'of the run, .npz of jaxgan.convert_inception, or digits or mnist.')
  style_image: str = free('', doc=
    'Image whose Gram matrices all outputs get; empty compares each output '
    'with its true image.')


@dataclasses.dataclass(frozen=True)
class Penalty:
  """The gradient penalty: its points, its weight, its distance estimate.

  The preset sets every key of this section that is left at None.
  """

  preset: str = one_of(*PRESETS, doc=
    'Penalty by name; it sets all keys below that are not given.')
  points: str = one_of(
    'warp', 'uniform', 'ratio', 'near_real', 'near_fake', 'both_ends',
    'midpoint', 'real', 'fake', 'real_and_fake', 'dragan', doc=
    'Law of the points between real and generated examples at which the critic '
    'is penalized (docs/method.md). real_and_fake: at all of both, and their '
    'two penalties are added (R1 + R2).')
  controller: str = one_of(
    'iterative', 'constant', 'literal', 'linear', 'cosine', 'pi', 'dual',
    'replay', doc=
    'Law of the weight over the run (docs/method.md).')
  weight: float = within(10.0, 0, doc='weight0: lambda while ratio is 1.')
  sides: str = one_of('two', 'one', doc=
    'Penalizes gradient norms on both sides of the target (WGAN-GP), or only '
    'above it (WGAN-LP).')
  target: float = within(1.0, 0, doc='Target gradient norm; 0 for R1, R2.')
  target_law: str = one_of('constant', 'ratio', doc=
    'Target over the run: constant, or multiplied by ratio (annealed).')
  distance: str = one_of('gap_slope', 'gap', 'sliced', 'energy', doc=
    'Estimate of the distance between real and generated data, which gives '
    'ratio = distance / reference.')
  smoothing: float = within(0.99, 0, 1 - 1e-6, doc=
    'b, decay per iteration of the moving averages of gap and gradient norm.')
  warmup_steps: int = within(500, 0, doc=
    'Iterations with ratio 1, as in WGAN-GP, that set the reference distance.')
  spread_min: float = within(0.1, 1e-3, 1, doc=
    'Least ratio that the law warp uses, so that its points cover the whole '
    'segment.')
  floor: float = within(0.1, 0, 1, doc='Least weight, as a share of weight0.')
  power: float = within(1.0, 0, 1, doc=
    'p of ratio^p in the law iterative. Above 1 the gradient norms would '
    'diverge.')
  rate: float = within(0.02, 1e-6, 1, doc='Largest ratio change per iteration.')
  decay: float = within(1.0, 0, 1, doc=
    'Decay of the reference distance per iteration.')
  monotone: bool = free(False, doc='Ratio never increases.')
  static_ratio: float = within(0.25, 1e-3, 1, doc=
    'Fixed ratio of near_real, near_fake and both_ends.')
  noise: float = within(0.5, 0, doc=
    'Noise of dragan, as a share of the standard deviation of the images.')
  decay_steps: int = within(0, 0, doc=
    'Iterations of the laws linear and cosine; 0 for those of '
    'train.schedule_steps.')
  replay: str = free('', doc=
    'metrics.jsonl of a run whose ratio and weight the controller replay '
    'repeats.')
  pi_gain: float = within(1.0, 0, doc='Kp of the controller pi.')
  pi_integral_gain: float = within(1e-3, 1e-9, doc='Ki of the controller pi.')
  dual_rate: float = within(0.1, 0, doc='rho: step size of controller dual.')
  dual_tolerance: float = within(0.0, 0, doc=
    'Constraint violation that the controller dual accepts.')
  gradient: str = one_of('exact', 'finite', doc=
    'Gradient norms: exact, or estimated by finite differences in random '
    'directions, which cost no second derivative and need the target 0.')
  finite_step: float = within(0.01, 1e-6, doc=
    'Step h of finite differences, in units of the examples.')
  share: float = within(1.0, 1e-6, 1, doc=
    'Share of the batch whose gradient norms are measured and penalized.')
  clip: float = within(0.0, 0, doc=
    'Weight clipping: largest absolute value of a critic parameter. 0 for '
    'none.')


@dataclasses.dataclass(frozen=True)
class Regularizers:
  """Regularizers other than the gradient penalty (docs/regularisers.md)."""

  noise: float = within(0.0, 0, doc=
    'Standard deviation at the start of the normal noise on all examples of '
    'the critic; it decreases linearly to 0.')
  noise_steps: int = within(0, 0, doc=
    'Iterations until the noise is 0; 0 for those of train.schedule_steps.')
  l1: float = within(0.0, 0, doc='Weight of sum |w| over critic kernels.')
  l2: float = within(0.0, 0, doc='Weight of sum w^2 over critic kernels.')
  orthogonal: float = within(0.0, 0, doc=
    'Weight of orthogonal regularization: squared inner products of different '
    'columns of the kernels of the generator.')
  adversarial: float = within(0.0, 0, doc=
    'Length of the adversarial perturbation of the examples of the critic.')
  consistency: float = within(0.0, 0, doc=
    'Weight of consistency regularization: squared change of the score of a '
    'real example under augmentation.')
  augment: tuple[str, ...] = some_of('colour', 'translation', 'cutout', doc=
    'Differentiable augmentations of all images of the critic.')
  augment_share: float = within(1.0, 0, 1, doc=
    'Probability that an image is augmented; its start if it adapts or has an '
    'end.')
  augment_end: float = within(0.0, 0, 1, doc=
    'Final augment_share, reached along a cosine over train.schedule_steps. 0 '
    'for a share that stays or adapts.')
  augment_target: float = within(0.0, 0, 1, doc=
    'Mean sign of real scores that an adaptive augment_share aims at (ADA). 0 '
    'for a fixed share.')
  augment_rate: float = within(1e-3, 0, 1, doc=
    'Change of an adaptive augment_share per iteration.')
  lazy: int = within(1, 1, doc=
    'Applies the penalty every `lazy` critic updates, scaled by `lazy`.')
