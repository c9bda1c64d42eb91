"""Short runs in bf16 end where those in float32 do, within their seeds."""

import statistics

import precision_runs
import pytest


@pytest.mark.slow
@pytest.mark.usefixtures('optimized')
@pytest.mark.filterwarnings('ignore:A Frechet distance')
def test_digits_in_bf16_end_within_the_spread_of_the_seeds():
  changes = {'penalty.warmup_steps': 50}
  found = precision_runs.measure('digits', 'fid1797_digits', changes, 4)
  (fine, metrics, _), (coarse, others, _) = found.values()
  assert fine != coarse
  means = statistics.mean(fine), statistics.mean(coarse)
  assert abs(means[0] - means[1]) < 2 * statistics.stdev(fine)
  assert statistics.stdev(coarse) < 3 * statistics.stdev(fine)
  for name in ('gap', 'slope', 'ratio'):
    assert others[name].mean() == pytest.approx(metrics[name].mean(), rel=0.2)
