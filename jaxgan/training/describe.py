"""Describes the networks of a configuration: modules, shapes, parameters."""

from jaxgan.config import Config
from jaxgan.data import sources
from jaxgan.evaluation import names
from jaxgan.gan import problem as problem_lib


def describe(config: Config) -> str:
  """Formats the networks of a run as tables of at most about 80 columns.

  Only shapes are computed; data are prepared only if nothing else gives the
  shape of an example.

  Args:
    config: the run, as `config.from_config_dict` returns it.

  Returns:
    A table each for generator and critic, called without training: modules in
    call order, output shapes, numbers of trainable parameters. Ends with a
    newline.

  Raises:
    ValueError: a bad configuration or data set.
    FileNotFoundError: `data.path` or a file in it is missing.
  """
  names.check(config)
  facts = sources.facts(config.data)
  shape = facts.shape
  problem = problem_lib.build(
    config, shape, num_classes=facts.num_classes, columns=facts.columns
  )
  name = 'inputs' if problem.translation else 'latents'
  latent = f'[B, {problem.networks.latents.width}]'
  example = f'[B, {", ".join(map(str, shape))}]'
  return (
    f'{config.data.name}: {name} {latent}, examples {example}; B is the size '
    f'of a batch.\n\n{problem.networks.tabulate()}'
  )
