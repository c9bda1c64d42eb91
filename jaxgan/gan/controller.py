"""The penalty's weight: from the estimated distance to ratio and lambda.

Once per iteration `track` turns gap and gradient norm of the last critic update
into the ratio of the present distance to a reference distance; a law from
WEIGHTS then turns the ratio into the weight lambda. All values are float32
arrays combined by `jnp.where`: the step never retraces and never waits for the
host. To add a law, write a function of `WeightInputs` and name it in WEIGHTS.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import jax.numpy as jnp

from jaxgan.config import Penalty, pick
from jaxgan.gan import schedules
from jaxgan.gan.hyper import Hyper, Scalar
from jaxgan.gan.replay import Curve, load_curve
from jaxgan.types import Array


class Control(NamedTuple):
  """State of the penalty controller, part of the train state.

  All fields are float32 scalars, equal on every device.

  Attributes:
    gap_ema, slope_ema: moving averages of gap g and mean gradient norm s.
    updates: iterations with finite measurements.
    distance: the present distance, in data units.
    distance_ref: the reference distance, at which ratio is 1.
    ratio: distance over reference, in [0, 1].
    skipped: iterations with non-finite measurements, which change nothing else.
    weight: lambda of the next iteration.
    integral: I of the pi controller.
    share: share of the images that the next iteration augments.
  """

  gap_ema: Array
  slope_ema: Array
  updates: Array
  distance: Array
  distance_ref: Array
  ratio: Array
  skipped: Array
  weight: Array
  integral: Array
  share: Array


class Measurement(NamedTuple):
  """Statistics of the last critic update of an iteration: float32 scalars.

  Attributes:
    gap: g = mean D(x) - mean D(x~).
    slope: s = mean n_i, the mean gradient norm at the penalty points.
    sureness: mean sign of the real scores, relative to the middle score.
    violation: mean max(0, n_i - 1)^2, the constraint of the dual controller.
    distance: of a measure that does not use the critic; 0 without one.
  """

  gap: Array
  slope: Array
  sureness: Array
  violation: Array
  distance: Array


class WeightInputs(NamedTuple):
  """Arguments of a weight law.

  Attributes:
    control: after this iteration's tracking; its weight is the previous one.
    measurement: of this iteration.
    progress: in [0, 1], finished share of an open-loop decay.
    config: of the penalty.
    hyper: scalars that may differ between vmapped runs.
  """

  control: Control
  measurement: Measurement
  progress: Array
  config: Penalty
  hyper: Hyper


Update = Callable[[Control, Measurement, Array, Hyper], Control]
WeightLaw = Callable[[WeightInputs], Array]
Distance = Callable[[Control, Measurement, Hyper], Array]


def gap(control: Control, measurement: Measurement, hyper: Hyper) -> Array:
  """The critic's own estimate, max(g, 0); it scales with the critic."""
  del measurement, hyper
  return jnp.maximum(control.gap_ema, 0.0)


def gap_slope(
  control: Control, measurement: Measurement, hyper: Hyper
) -> Array:
  """max(g, 0) / max(s, 1e-6): in data units, invariant to D -> c D + d."""
  del measurement, hyper
  return jnp.maximum(control.gap_ema, 0.0) / jnp.maximum(
    control.slope_ema, 1e-6
  )


def measured(control: Control, measurement: Measurement, hyper: Hyper) -> Array:
  """Moving average, at least 0, of a distance that does not use the critic."""
  b = hyper.smoothing
  return jnp.maximum(b * control.distance + (1 - b) * measurement.distance, 0.0)


DISTANCES: Mapping[str, Distance] = {
  'gap': gap,
  'gap_slope': gap_slope,
  'sliced': measured,
  'energy': measured,
}


def track(
  control: Control, measurement: Measurement, config: Penalty, hyper: Hyper
) -> Control:
  """Updates averages, distance, reference and ratio after one iteration.

  Args:
    control: the state before.
    measurement: all finite, or the result is not finite; `build` guards that.
    config: gives `distance`, `warmup_steps` and `monotone`.
    hyper: gives `smoothing`, `decay` and `rate`.
  """
  b = hyper.smoothing
  control = control._replace(
    gap_ema=b * control.gap_ema + (1 - b) * measurement.gap,
    slope_ema=b * control.slope_ema + (1 - b) * measurement.slope,
    updates=control.updates + 1,
  )
  distance = DISTANCES[config.distance](control, measurement, hyper)
  warm = control.updates <= config.warmup_steps
  decay = jnp.where(warm, 1.0, hyper.decay)
  reference = jnp.maximum(decay * control.distance_ref, distance)
  old = control.ratio
  upper = old if config.monotone else old + hyper.rate
  ratio = jnp.clip(
    distance / jnp.maximum(reference, 1e-12), old - hyper.rate, upper
  )
  return control._replace(
    distance=distance,
    distance_ref=reference,
    ratio=jnp.where(warm, 1.0, jnp.clip(ratio, 0.0, 1.0)),
  )


def constant(inputs: WeightInputs) -> Array:
  """lambda = weight0 (WGAN-GP)."""
  return jnp.float32(inputs.hyper.weight)


def iterative(inputs: WeightInputs) -> Array:
  """lambda = weight0 (floor + (1 - floor) ratio^p), p <= 1."""
  return _floored(inputs, inputs.control.ratio**inputs.hyper.power)


def literal(inputs: WeightInputs) -> Array:
  """lambda = weight0 ratio: the text of the paper, without a floor."""
  return inputs.hyper.weight * inputs.control.ratio


def linear(inputs: WeightInputs) -> Array:
  """Open loop: linear decay from weight0 to floor weight0."""
  return _floored(inputs, 1 - inputs.progress)


def cosine(inputs: WeightInputs) -> Array:
  """Open loop: cosine decay from weight0 to floor weight0."""
  return _floored(inputs, schedules.fall(inputs.progress))


def pi(inputs: WeightInputs) -> Array:
  """Proportional-integral control of the mean gradient norm towards 1.

  lambda = weight0 + Kp e + Ki I with e = EMA(mean gradient norm) - 1, clipped
  to [weight0 / 10, 10 weight0]. In the style of AGP (Mtetwa et al., Mathematics
  13(16), 2025); its constants are not public, these are ours. The average is
  corrected for its start at 0.
  """
  config, control = inputs.config, inputs.control
  weight0 = inputs.hyper.weight
  raised = config.pi_gain * _slope_error(inputs)
  weight = weight0 + raised + config.pi_integral_gain * control.integral
  return jnp.clip(weight, 0.1 * weight0, 10 * weight0)


def dual(inputs: WeightInputs) -> Array:
  """Dual ascent on mean max(0, n - 1)^2 = 0 (as in Fisher GAN, 2017)."""
  config = inputs.config
  excess = inputs.measurement.violation - config.dual_tolerance
  weight = inputs.control.weight + config.dual_rate * excess
  return jnp.clip(weight, 0.0, 10 * inputs.hyper.weight)


WEIGHTS: Mapping[str, WeightLaw] = {
  'constant': constant,
  'iterative': iterative,
  'literal': literal,
  'linear': linear,
  'cosine': cosine,
  'pi': pi,
  'dual': dual,
}


def init(config: Penalty, hyper: Hyper, share: float = 1.0) -> Control:
  """The state before the first iteration: ratio 1, weight weight0.

  Args:
    config: of the penalty.
    hyper: gives weight0.
    share: share of the images that the first iteration augments.
  """
  # One array per field: the step donates its state, and no buffer twice.
  fields = {name: jnp.zeros((), jnp.float32) for name in Control._fields}
  ratio, weight = _start(config, hyper)
  return Control(**fields)._replace(
    ratio=jnp.asarray(ratio, jnp.float32),
    weight=jnp.asarray(weight, jnp.float32),
    share=jnp.asarray(share, jnp.float32),
  )


def build(config: Penalty, total_steps: int) -> Update:
  """Builds the controller of a configuration.

  Args:
    config: `controller` and `distance` name the laws.
    total_steps: length of the open-loop decays where `decay_steps` is 0.

  Returns:
    A pure function (control, measurement, step, hyper) -> control, to be called
    at the end of iteration `step`, counted from 0. An iteration with a
    non-finite measurement or distance changes `skipped` and nothing else.

  Raises:
    ValueError: an unknown name, or a recorded curve that cannot be read.
  """
  pick('penalty.distance', config.distance, DISTANCES)
  law = pick(
    'penalty.controller', config.controller, {**WEIGHTS, 'replay': constant}
  )
  curve = _curve(config)
  decay_steps = config.decay_steps or total_steps

  def update(
    control: Control, measurement: Measurement, step: Array, hyper: Hyper
  ) -> Control:
    new = track(control, measurement, config, hyper)
    following = step + 1
    progress = jnp.minimum(following / decay_steps, 1.0).astype(jnp.float32)
    inputs = WeightInputs(new, measurement, progress, config, hyper)
    new = new._replace(integral=_integral(inputs))
    inputs = inputs._replace(control=new)
    new = new._replace(weight=law(inputs).astype(jnp.float32))
    if curve is not None:
      ratio, weight = curve(following)
      new = new._replace(ratio=ratio, weight=weight)
    ok = jnp.isfinite(jnp.stack([*measurement, new.distance])).all()
    skipped = control._replace(skipped=control.skipped + 1)
    return Control(
      *(jnp.where(ok, a, b) for a, b in zip(new, skipped, strict=True))
    )

  return update


def _floored(inputs: WeightInputs, share: Array) -> Array:
  """weight0 (floor + (1 - floor) share), and weight0 exactly at share 1."""
  floor = inputs.hyper.floor
  return inputs.hyper.weight * jnp.maximum(1 - (1 - floor) * (1 - share), floor)


def _slope_error(inputs: WeightInputs) -> Array:
  control = inputs.control
  started = 1 - inputs.hyper.smoothing**control.updates
  return control.slope_ema / started - 1


def _integral(inputs: WeightInputs) -> Array:
  """I + e, clipped so that Ki I stays within ten times weight0."""
  bound = 10 * inputs.hyper.weight / inputs.config.pi_integral_gain
  return jnp.clip(inputs.control.integral + _slope_error(inputs), -bound, bound)


def _curve(config: Penalty) -> Curve | None:
  return load_curve(config.replay) if config.controller == 'replay' else None


def _start(config: Penalty, hyper: Hyper) -> tuple[Scalar, Scalar]:
  curve = _curve(config)
  return (1.0, hyper.weight) if curve is None else curve(jnp.zeros((), int))
