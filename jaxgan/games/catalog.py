"""The games by name."""

from collections.abc import Callable, Mapping

from jaxgan.config import pick
from jaxgan.games import gan
from jaxgan.schema import Config

Game = gan.Gan

GAMES: Mapping[str, Callable[[Config], Game]] = {'gan': gan.build}


def build(config: Config) -> Game:
  """The game that `config.game` names.

  Raises:
    ValueError: unknown `game`, or what its own `build` says.
  """
  return pick('game', config.game, GAMES)(config)
