"""How strong the penalty is: from the estimated distance to ratio and lambda.

Once per iteration the tracker turns (gap, slope) of the last critic update
into the ratio of the present distance to a reference; then a law turns the
ratio into the weight lambda. Everything is float32 arrays and `jnp.where`: the
step never retraces and never waits for the host. To add a law, write a
function of a `Moment` and name it in WEIGHTS.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import jax.numpy as jnp

from jaxgan.config import Penalty, pick
from jaxgan.gan.replay import Curve, load_curve
from jaxgan.types import Array


class Control(NamedTuple):
  """The controller's part of the train state: float32 scalars.

  Attributes:
    gap_ema, slope_ema: averages of gap g and mean slope s, from 0.
    updates: iterations that counted.
    distance: the present distance, in data units.
    distance_ref: the distance that counts as ratio 1.
    ratio: in [0, 1].
    skipped: iterations that were not finite and changed nothing else.
    weight: lambda of the next iteration.
    integral: I of the pi controller.
    share: of the images of the next iteration that are augmented.
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
  """What the last critic update of an iteration saw: float32 scalars.

  Attributes:
    gap: g = mean D(x) - mean D(x~).
    slope: s = mean n_i at the points.
    sureness: mean sign of real scores, seen from the middle of real and fake.
    violation: mean max(0, n_i - 1)^2, the constraint of the dual controller.
    distance: of a measure that does not ask the critic; 0 where none is used.
  """

  gap: Array
  slope: Array
  sureness: Array
  violation: Array
  distance: Array


class Moment(NamedTuple):
  """What a law of the weight may look at."""

  control: Control  # After this iteration's tracking; weight is the old one.
  seen: Measurement
  progress: Array  # In [0, 1]: share of the open-loop decay that is over.
  config: Penalty


Update = Callable[[Control, Measurement, Array], Control]
Weight = Callable[[Moment], Array]


def gap(control: Control, seen: Measurement, config: Penalty) -> Array:
  """The critic's own estimate, max(g, 0): it scales with the critic."""
  del seen, config
  return jnp.maximum(control.gap_ema, 0.0)


def gap_slope(control: Control, seen: Measurement, config: Penalty) -> Array:
  """max(g, 0) / max(s, 1e-6): data units, unchanged by D -> c D + d."""
  del seen, config
  return jnp.maximum(control.gap_ema, 0.0) / jnp.maximum(
    control.slope_ema, 1e-6
  )


def measured(control: Control, seen: Measurement, config: Penalty) -> Array:
  """The average of a distance that does not ask the critic, at least 0."""
  b = config.smoothing
  return jnp.maximum(b * control.distance + (1 - b) * seen.distance, 0.0)


DISTANCES: Mapping[str, Callable[[Control, Measurement, Penalty], Array]] = {
  'gap': gap,
  'gap_slope': gap_slope,
  'sliced': measured,
  'energy': measured,
}


def track(control: Control, seen: Measurement, config: Penalty) -> Control:
  """The tracker: averages, distance, reference and ratio of one iteration.

  Every input must be finite, or the result is not; `build` guards that.
  """
  b = config.smoothing
  control = control._replace(
    gap_ema=b * control.gap_ema + (1 - b) * seen.gap,
    slope_ema=b * control.slope_ema + (1 - b) * seen.slope,
    updates=control.updates + 1,
  )
  distance = DISTANCES[config.distance](control, seen, config)
  warm = control.updates <= config.warmup_steps
  decay = jnp.where(warm, 1.0, config.decay)
  reference = jnp.maximum(decay * control.distance_ref, distance)
  old = control.ratio
  upper = old if config.monotone else old + config.rate
  ratio = jnp.clip(
    distance / jnp.maximum(reference, 1e-12), old - config.rate, upper
  )
  return control._replace(
    distance=distance,
    distance_ref=reference,
    ratio=jnp.where(warm, 1.0, jnp.clip(ratio, 0.0, 1.0)),
  )


def constant(now: Moment) -> Array:
  """lambda = weight0 (WGAN-GP)."""
  return jnp.float32(now.config.weight)


def iterative(now: Moment) -> Array:
  """lambda = weight0 (floor + (1 - floor) ratio^p), p <= 1."""
  return _floored(now, now.control.ratio**now.config.power)


def literal(now: Moment) -> Array:
  """lambda = weight0 ratio: the text of the paper, without a floor."""
  return now.config.weight * now.control.ratio


def linear(now: Moment) -> Array:
  """Open loop: from weight0 to floor weight0 along a straight line."""
  return _floored(now, 1 - now.progress)


def cosine(now: Moment) -> Array:
  """Open loop: from weight0 to floor weight0 along half a cosine."""
  return _floored(now, (1 + jnp.cos(jnp.pi * now.progress)) / 2)


def pi(now: Moment) -> Array:
  """weight0 + Kp e + Ki I with e = EMA(mean slope) - 1, within a decade.

  In the style of AGP (Mtetwa et al., Mathematics 13(16), 2025); its constants
  are not public, these are ours. The average is corrected for its start at 0.
  """
  config, control = now.config, now.control
  raised = config.pi_gain * _slope_error(now)
  weight = config.weight + raised + config.pi_integral_gain * control.integral
  return jnp.clip(weight, 0.1 * config.weight, 10 * config.weight)


def dual(now: Moment) -> Array:
  """Dual ascent on mean max(0, n - 1)^2 = 0 (as in Fisher GAN, 2017)."""
  config = now.config
  excess = now.seen.violation - config.dual_tolerance
  weight = now.control.weight + config.dual_rate * excess
  return jnp.clip(weight, 0.0, 10 * config.weight)


WEIGHTS: Mapping[str, Weight] = {
  'constant': constant,
  'iterative': iterative,
  'literal': literal,
  'linear': linear,
  'cosine': cosine,
  'pi': pi,
  'dual': dual,
}


def init(config: Penalty, share: float = 1.0) -> Control:
  """The state before the first iteration: ratio 1, weight weight0.

  Args:
    config: of the penalty.
    share: of the images that are augmented in that iteration.
  """
  # One array per field: the step donates its state, and no buffer twice.
  fields = {name: jnp.zeros((), jnp.float32) for name in Control._fields}
  start = _start(config)
  return Control(**fields)._replace(
    ratio=jnp.asarray(start[0], jnp.float32),
    weight=jnp.asarray(start[1], jnp.float32),
    share=jnp.asarray(share, jnp.float32),
  )


def build(config: Penalty, total_steps: int) -> Update:
  """The controller of a configuration.

  Args:
    config: `controller` and `distance` name the laws.
    total_steps: length of the open-loop decays where `decay_steps` is 0.

  Returns:
    A pure function (control, measurement, step) -> control, to be called at
    the end of iteration `step`, counted from 0. An iteration whose
    measurement is not finite, or gives no finite distance, changes `skipped`
    and nothing else.

  Raises:
    ValueError: unknown `penalty.controller` or `penalty.distance`, or a
      recorded curve that cannot be read.
  """
  pick('penalty.distance', config.distance, DISTANCES)
  names = {**WEIGHTS, 'replay': constant}
  weigh = pick('penalty.controller', config.controller, names)
  curve = _curve(config)
  decay_steps = config.decay_steps or total_steps

  def update(control: Control, seen: Measurement, step: Array) -> Control:
    new = track(control, seen, config)
    following = step + 1
    progress = jnp.minimum(following / decay_steps, 1.0)
    now = Moment(new, seen, progress.astype(jnp.float32), config)
    now = now._replace(control=new._replace(integral=_integral(now)))
    new = now.control._replace(weight=weigh(now).astype(jnp.float32))
    if curve is not None:
      ratio, weight = curve(following)
      new = new._replace(ratio=ratio, weight=weight)
    ok = jnp.isfinite(jnp.stack([*seen, new.distance])).all()
    skipped = control._replace(skipped=control.skipped + 1)
    return Control(
      *(jnp.where(ok, a, b) for a, b in zip(new, skipped, strict=True))
    )

  return update


def _floored(now: Moment, share: Array) -> Array:
  """weight0 (floor + (1 - floor) share), and weight0 exactly at share 1."""
  floor = now.config.floor
  return now.config.weight * jnp.maximum(1 - (1 - floor) * (1 - share), floor)


def _slope_error(now: Moment) -> Array:
  control = now.control
  started = 1 - now.config.smoothing**control.updates
  return control.slope_ema / started - 1


def _integral(now: Moment) -> Array:
  """I + e, clipped so that Ki I stays within ten times weight0."""
  bound = 10 * now.config.weight / now.config.pi_integral_gain
  return jnp.clip(now.control.integral + _slope_error(now), -bound, bound)


def _curve(config: Penalty) -> Curve | None:
  return load_curve(config.replay) if config.controller == 'replay' else None


def _start(config: Penalty) -> tuple[Array | float, Array | float]:
  curve = _curve(config)
  return (1.0, config.weight) if curve is None else curve(jnp.zeros((), int))
