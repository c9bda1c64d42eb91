"""Trains short runs in float32 and bf16, and compares them with their seeds.

  python tests/precision_runs.py digits fid1797_digits
  python tests/precision_runs.py mnist fid2000_mnist data.path=FOLDER \\
    "net.gen_widths=(32,16,8)" "net.critic_widths=(8,16,32)"

Prints the metric of the averaged generator of each seed after 200 steps, and
the processor time of a step: seconds of all cores together, which other work on
the machine hardly changes. All seeds of a precision run in one program.
"""

import pathlib
import statistics
import sys
import time

import step_memory

ROOT = pathlib.Path(__file__).parents[1]
PRECISIONS = 'float32', 'bf16'
SEEDS = 5


def measure(name, metric, changes=None, seeds=SEEDS):
  """Precision -> (values of the seeds, last metrics, core seconds per step).

  Args:
    name: of a config.
    metric: measured at the end.
    changes: values by dotted key.
    seeds: their number.
  """
  sys.path[:0] = [str(ROOT)]
  import jax
  import numpy as np

  from jaxgan.config import load_config
  from jaxgan.data import sources
  from jaxgan.evaluation import evaluator as evaluator_lib
  from jaxgan.gan import problem as problem_lib
  from jaxgan.gan.vmapped import Replicas, take
  from jaxgan.training import vmapped_runs

  changes = {'train.steps': 200, 'eval.metrics': (metric,), **(changes or {})}
  evaluator, found = None, {}
  for precision in PRECISIONS:
    config = load_config(name, {**changes, 'train.precision': precision})
    dataset = sources.load(config.data)
    evaluator = evaluator or evaluator_lib.of_run(config, dataset)
    problem = problem_lib.of_dataset(config, dataset)
    evaluate = vmapped_runs.ReplicaEvaluator(problem, evaluator, 0)
    replicas = Replicas(config, {'seed': list(range(seeds))})
    for snapshot in vmapped_runs.train(replicas, dataset):
      if snapshot.step <= 1:  # The first step compiles.
        jax.block_until_ready(snapshot.states)
        start = time.process_time()
    states, metrics = jax.device_get((snapshot.states, snapshot.metrics))
    seconds = (time.process_time() - start) / seeds / (snapshot.step - 1)
    assert np.all(states.diverged_step < 0)
    emas = [take(states.ema, i) for i in range(seeds)]
    values = [evaluate(ema, snapshot.step)[metric] for ema in emas]
    found[precision] = values, metrics, seconds
  return found


def main():
  name, metric, *rest = sys.argv[1:]
  pairs = (text.partition('=') for text in rest)
  changes = {key: step_memory.value(text) for key, _, text in pairs}
  for precision, (values, metrics, seconds) in measure(
    name, metric, changes
  ).items():
    print(
      f'{precision:8} {metric} {" ".join(f"{v:.2f}" for v in values)}: mean '
      f'{statistics.mean(values):.2f}, deviation {statistics.stdev(values):.2f}'
      f'; gap {metrics["gap"].mean():.3f}, slope '
      f'{metrics["slope"].mean():.3f}, ratio {metrics["ratio"].mean():.3f}; '
      f'{1e3 * seconds:.1f} ms of the cores per step'
    )


if __name__ == '__main__':
  main()
