"""Workdirs for the tests of reports, and a strict reader of pages."""

import html.parser
import json
import math

import numpy as np

from jaxgan.config import from_config_dict
from jaxgan.metrics import record
from jaxgan.storage import pictures, workdir

VOID = {'img', 'input', 'link', 'meta', 'br', 'hr'}


def measured(step, value, **changes):
  """A record of fid100_digits."""
  values = {
    'metric': 'fid100_digits', 'value': value, 'error': 0.1,
    'features': 'digits', 'features_sha256': 'ab' * 32, 'resize': 'none',
    'reference': 'digits', 'reference_sha256': 'cd' * 32, 'split': 'train',
    'real_num': 1797, 'fake_num': 100, 'seed': 0, 'source': 'run',
    'weights': 'ema', 'step': step, 'floor': 0.5, 'ceiling': 150.0,
  }  # fmt: skip
  return record.Record(**{**values, **changes})


def make_run(folder, rows=12, records=(), shape=(8, 8, 1), grids=3, **sections):
  """Writes what a training leaves, without training."""
  folder.mkdir(parents=True, exist_ok=True)
  config = from_config_dict({'train': {'steps': 100 * rows}, **sections})
  workdir.write_config(folder, config)
  facts = {'name': 'digits', 'shape': shape, 'num_classes': 10}
  workdir.write_data(folder, {**facts, 'num_examples': 1797})
  lines = [json.dumps(row(100 * i)) for i in range(1, rows + 1)]
  (folder / 'metrics.jsonl').write_text(''.join(f'{x}\n' for x in lines))
  record.append(folder / 'evaluation.jsonl', records)
  (folder / 'samples').mkdir(exist_ok=True)
  rng = np.random.default_rng(0)
  names = [f'step_{100 * i:07d}' for i in range(grids)]
  for name in [*names, 'real'] if grids else []:
    images = rng.integers(0, 256, (16, *shape)).astype(np.uint8)
    path = folder / 'samples' / f'{name}.png'
    pictures.save_png(path, pictures.picture(images), generated=name != 'real')
  return folder


def row(step, **changes):
  """A logged row of a healthy run."""
  wave = math.sin(step)
  return {
    'step': step, 'train_precision': 'float32', 'gap': 1 + wave / 9,
    'critic_loss': -1.0 + wave, 'gen_loss': wave, 'slope': 1.1 - wave / 99,
    'weight': 10.0, 'ratio': 1.0, 'accuracy_real': 0.8, 'accuracy_fake': 0.7,
    'diversity': 0.9 + wave / 99, 'grad_norm_critic': 2.0 + wave,
    'grad_norm_gen': 1.0, 'augmented': 0.0, 'guessed': 0.0,
    'steps_per_second': 30 + wave, **changes,
  }  # fmt: skip


class Page(html.parser.HTMLParser):
  """Reads a page; refuses tags that are not closed or not open."""

  def __init__(self, text):
    super().__init__()
    self.open, self.elements, self.texts = [], [], []
    self.feed(text)
    self.close()
    assert self.open == []

  def handle_starttag(self, tag, attrs):
    assert len(dict(attrs)) == len(attrs), f'{tag} has an attribute twice'
    self.elements.append((tag, dict(attrs)))
    if tag not in VOID:
      self.open.append(tag)

  def handle_startendtag(self, tag, attrs):
    self.elements.append((tag, dict(attrs)))

  def handle_endtag(self, tag):
    assert self.open, f'</{tag}> closes nothing'
    assert self.open.pop() == tag

  def handle_data(self, data):
    self.texts.append((self.open[-1] if self.open else '', data))

  def named(self, tag):
    """The attributes of all elements of a tag."""
    return [attributes for name, attributes in self.elements if name == tag]

  def text(self, *tags):
    """The text inside of some tags, of all if none is named."""
    return ' '.join(
      ' '.join(text.split())
      for tag, text in self.texts
      if not tags or tag in tags
    )
