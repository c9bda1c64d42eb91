"""Sections of pictures: newest samples, real ones, training, neighbors."""

import pathlib
import tempfile
from collections.abc import Sequence

from jaxgan.data import pipeline, sources
from jaxgan.report import images
from jaxgan.report.collect import Grid, Run
from jaxgan.report.markup import Safe, element, section, void
from jaxgan.storage import pictures

_NO_GRIDS = (
  'The workdir holds no samples yet; they are drawn every eval.every_steps.'
)
_PIXELS = 48  # Images up to this side are shown with sharp pixels.


def newest(run: Run) -> Safe:
  """The newest grid beside real examples, and the grids of the training.

  All grids are a strip of pictures; the script shows them in the place of the
  newest one, moved by a slider.
  """
  if not run.grids:
    return section('Samples', element('p', _NO_GRIDS), name='samples')
  step = run.grids[-1].step
  alt = f'{kind(run)} of the generator at step {step:,}'
  caption = f'Generated, step {step:,}'
  frames, most = images.thin(run.grids)
  moves = len(frames) > 1
  controls = [_controls(len(frames))] if moves else []
  path = run.grids[-1].path
  figures = [figure(run, path, alt, caption, *controls, id='newest')]
  real, reason = _real(run)
  if real:
    figures.append(real)
  parts = [element('div', *figures, class_='pair')]
  if reason:
    parts.append(element('p', reason, class_='note'))
  if moves:
    parts += _film(run, frames, most)
  return section('Samples', *parts, name='samples')


def _film(run: Run, frames: Sequence[Grid], most: int) -> list[Safe]:
  strip = [
    element(
      'li',
      element(
        'figure',
        images.image(
          frame.path,
          f'{kind(run)} of the generator at step {frame.step:,}',
          most,
          class_=_sharp(run),
        ),
        element('figcaption', f'Generated, step {frame.step:,}'),
      ),
    )
    for frame in frames
  ]
  inputs = 'inputs' if run.config.game == 'translation' else 'latents'
  text = f'All grids show the same {inputs}, with averaged weights.'
  if len(frames) < len(run.grids):
    text += f' {len(frames)} of {len(run.grids)} moments are in this page.'
  label = 'Grids through training'
  return [
    element('p', text, class_='note'),
    element('ol', *strip, class_='film', tabindex='0', aria_label=label),
  ]


def neighbors(run: Run, path: pathlib.Path) -> Safe:
  """The picture of `jaxgan.evaluate --neighbours`."""
  text = (
    'On the left of each row a sample, then its nearest training images. The '
    'upper half shows the first samples, the lower half the most suspicious '
    'ones. A sample that equals its neighbor was memorized.'
  )
  alt = 'Samples, each with its seven nearest training images'
  return section(
    'Nearest neighbors',
    element('p', text),
    figure(run, path, alt, 'Samples and their nearest training images'),
    name='neighbors',
  )


def figure(
  run: Run,
  path: pathlib.Path,
  alt: str,
  caption: str,
  *below: Safe,
  share: int = 3,
  **attributes: str,
) -> Safe:
  """A large picture with its caption, and elements below them.

  Args:
    run: that it belongs to.
    path: of the PNG.
    alt: text for readers who cannot see it.
    caption: below the picture.
    *below: elements after the caption.
    share: number of large pictures in the page.
    **attributes: of the figure.
  """
  most = images.LARGE_BYTES // share
  picture = images.image(path, alt, most, class_=_sharp(run))
  return element(
    'figure', picture, element('figcaption', caption), *below, **attributes
  )


def kind(run: Run) -> str:
  """What a grid of a run shows, as the beginning of a text."""
  if len(run.data['shape']) == 3:
    return f'{run.config.eval.num_images} samples in a grid'
  return 'Plot of vectors'


def _real(run: Run) -> tuple[Safe | None, str]:
  """The picture of real examples, or the reason why there is none."""
  if run.config.game == 'translation':
    return None, 'Three times in each row: input, output, truth.'
  alt, caption = 'Real examples in the same layout', 'Real'
  if run.real:
    return figure(run, run.real, alt, caption), ''
  try:
    dataset = sources.load(run.config.data)
  except (ValueError, OSError) as error:
    return None, f'Real examples are left out: {error}'
  count, seed = run.config.eval.num_images, run.config.seed
  page = pictures.picture(pipeline.real_grid(dataset, count, seed))
  with tempfile.TemporaryDirectory() as folder:
    path = pathlib.Path(folder, 'real.png')
    pictures.save_png(path, page, generated=False)
    return figure(run, path, alt, caption), ''


def _controls(count: int) -> Safe:
  """The slider and its button, hidden until the script needs them."""
  last = str(count - 1)
  slider = void(
    'input', type='range', min='0', max=last, value=last, step='1', id='moment'
  )
  return element(
    'div',
    element('button', 'Play', type='button', id='play'),
    element('label', element('span', 'Moment of the training'), slider),
    class_='controls',
    hidden=True,
  )


def _sharp(run: Run) -> str | None:
  shape = run.data['shape']
  small = len(shape) == 3 and max(shape[:2]) <= _PIXELS
  return 'sharp' if small else None
