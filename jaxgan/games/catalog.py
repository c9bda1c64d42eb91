"""The games by name."""

from collections.abc import Callable, Mapping

from jaxgan.config import pick
from jaxgan.games import wasserstein
from jaxgan.schema import Config, Penalty

Game = wasserstein.Wasserstein

GAMES: Mapping[str, Callable[[Penalty], Game]] = {'wgan': wasserstein.build}


def build(config: Config) -> Game:
  """The game that `config.game` names.

  Raises:
    ValueError: unknown `game` or `penalty.points`.
  """
  return pick('game', config.game, GAMES)(config.penalty)
