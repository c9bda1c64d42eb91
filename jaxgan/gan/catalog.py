"""The games by name."""

from collections.abc import Callable, Mapping

from jaxgan.config import Config, pick
from jaxgan.gan import objective

Game = objective.Gan

GAMES: Mapping[str, Callable[[Config], Game]] = {'gan': objective.build}


def build(config: Config) -> Game:
  """The game that `config.game` names.

  Raises:
    ValueError: unknown `game`, or what its own `build` says.
  """
  return pick('game', config.game, GAMES)(config)
