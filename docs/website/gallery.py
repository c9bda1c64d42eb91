"""The page of all GANs of configs/zoo, with their pictures."""

import ast

from website import docstrings, links

_INTRODUCTION = """# Gallery

Every GAN of `configs/zoo`: one file, one command each.
[A zoo of GANs](../zoo.md) compares them. The pictures are 64 samples of the
averaged generator, seed 0.
"""


def page() -> str:
  """Returns the page as Markdown."""
  files = sorted((links.ROOT / 'configs' / 'zoo').glob('*.py'))
  names = [file.stem for file in files if file.stem != 'base']
  pictured = {name: _pictures(name, names) for name in names}
  names.sort(key=lambda name: not pictured[name])  # Pictures come first.
  return _INTRODUCTION + ''.join(_entry(n, pictured[n]) for n in names)


def _entry(name: str, pictures: list[str]) -> str:
  file = links.ROOT / 'configs' / 'zoo' / f'{name}.py'
  text = ast.get_docstring(ast.parse(file.read_text())) or ''
  title, _, body = text.partition('\n\n')
  title = ' '.join(title.split()).removesuffix('.')
  images = '\n'.join(
    f'```{{image}} ../images/{picture}\n:alt: Samples of {name}\n'
    ':class: gallery\n```'
    for picture in pictures
  )
  source = f'{links.repository()}/blob/main/configs/zoo/{name}.py'
  return (
    f'\n## {name}\n\n**{title}.**\n\n{images}\n\n{docstrings.markdown(body)}\n'
    f'\n[configs/zoo/{name}.py]({source})\n'
  )


def _pictures(name: str, names: list[str]) -> list[str]:
  """Pictures of a config: zoo_NAME.png, and those whose names go on."""
  folder = links.ROOT / 'docs' / 'images'
  own = sorted(file.name for file in folder.glob(f'zoo_{name}*.png'))
  longer = tuple(
    f'zoo_{other}' for other in names if other.startswith(f'{name}_')
  )
  return [
    picture
    for picture in own
    if not picture.startswith(longer)
    and picture.removeprefix(f'zoo_{name}')[0] in '._'
  ]
