"""The documentation site: its pages, their links, and its examples."""

import doctest
import importlib
import inspect
import re
import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import small

import jaxgan
import jaxgan.config as config_lib
from jaxgan.__main__ import COMMANDS
from jaxgan.gan import sharding

PAGES = ['training', 'networks', 'metrics', 'runs']
CONTEXT = {
  'jax': jax, 'jnp': jnp, 'np': np, 'jaxgan': jaxgan,
  **{n: getattr(config_lib, n) for n in ('Loss', 'Net', 'Penalty')},
  'Regularizers': config_lib.Regularizers,
}  # fmt: skip


@pytest.fixture(scope='module')
def website(root):
  """Imports modules of docs/website, which writes the pages; no Sphinx."""
  sys.path.insert(0, str(root / 'docs'))
  yield lambda name: importlib.import_module(f'website.{name}')
  sys.path.remove(str(root / 'docs'))


@pytest.fixture
def one_device(monkeypatch):
  mesh = jax.sharding.Mesh(np.array(jax.devices()[:1]), ('data',))
  monkeypatch.setattr(sharding, 'make_mesh', lambda: mesh)


def public(module):
  """(name, function) of what a module itself defines for its users."""
  for name, value in vars(module).items():
    here = getattr(value, '__module__', None) == module.__name__
    if name.startswith('_') or not here:
      continue
    if inspect.isfunction(value):
      yield name, value
    elif inspect.isclass(value):
      for method, function in vars(value).items():
        if inspect.isfunction(function) and not method.startswith('_'):
          yield f'{name}.{method}', function


def anchors(text):
  """The anchors that GitHub gives to the headings of a page."""
  text = re.sub(r'(?ms)^ *```.*?^ *```', '', text)
  for heading in re.findall(r'(?m)^#+ (.*)$', text):
    plain = re.sub(r'[`*]|\[([^\]]*)\]\([^)]*\)', r'\1', heading).lower()
    yield re.sub(r'[^\w\- ]', '', plain).replace(' ', '-')


def broken_links(file):
  """Relative links to a file or heading that does not exist."""
  text = re.sub(r'(?ms)^ *```.*?^ *```', '', file.read_text())
  for target in re.findall(r'\]\(([^)\s]+)\)', text):
    path, _, anchor = target.partition('#')
    if '://' in target or path.startswith('reference/'):
      continue  # Of the web; a page that the site makes.
    other = (file.parent / path).resolve() if path else file
    if not other.exists() or (
      anchor and anchor not in anchors(other.read_text())
    ):
      yield target


def test_links_lead_to_files_and_headings(root):
  pages = [*root.glob('*.md'), *(root / 'docs').glob('*.md')]
  assert {f.name: b for f in pages if (b := list(broken_links(f)))} == {}


def test_every_page_is_in_the_menu_once(root, website):
  links, api = website('links'), website('api')
  fences = re.findall(
    r'(?s)```{toctree}\n(.*?)```', (root / 'docs' / 'index.md').read_text()
  )
  listed = [
    line.partition('<')[2].rstrip('>') or line
    for fence in fences
    for line in fence.splitlines()
    if line and not line.startswith(':')
  ]
  sources = [
    *(f'docs/{file.name}' for file in (root / 'docs').glob('*.md')),
    *(f'colab/{file.name}' for file in (root / 'colab').glob('*.ipynb')),
  ]
  shown = {links.page_of(file).removeprefix('docs/') for file in sources}
  generated = {f'reference/api_{name}' for name in api.PAGES} | {
    f'reference/{name}'
    for name in (
      'first_steps', 'about', 'commands', 'config_keys', 'gallery',
      'contributing', 'changelog', 'settings',
    )
  }  # fmt: skip
  expected = {page.rpartition('.')[0] for page in shown} | generated
  assert sorted(listed) == sorted(expected - {'index'})


def test_links_become_those_of_the_site(website):
  rewrite = website('links').rewrite
  text = '[zoo.md](zoo.md#x), ![a](images/a.png) [it](../configs/digits.py)\n'
  assert rewrite(text, 'docs/a.md', 'docs/reference/a.md') == (
    '[](../zoo.md#x), ![a](../images/a.png) '
    f'[it]({website("links").repository()}/blob/main/configs/digits.py)\n'
  )
  fenced = '```\n[zoo.md](zoo.md)\n```'
  assert rewrite(fenced, 'docs/a.md', 'docs/reference/a.md') == fenced
  assert rewrite('[here](../no.md)', 'docs/a.md', 'docs/a.md').endswith(
    '(../no.md)'  # The strict build complains about it.
  )


def test_every_key_is_described(website):
  page = website('keys').page()
  for key in config_lib.flatten(config_lib.to_dict(config_lib.Config())):
    assert f'\n`{key}`\n: ' in page


@pytest.mark.slow
def test_every_command_and_flag_is_described(website):
  page = website('commands').page()
  for name, (module, _, _) in COMMANDS.items():
    assert f'| `jaxgan {name}` | `python -m {module}' in page
  for flag in (
    'accept_new_config',
    'neighbours',
    'jobs',
    'together',
    'traceback',
  ):
    assert f'\n`--{flag}`\n: ' in page
  assert '--helpxml' not in page


def test_the_gallery_has_every_config_of_the_zoo(root, website):
  page = website('gallery').page()
  for file in (root / 'configs' / 'zoo').glob('*.py'):
    assert (f'\n## {file.stem}\n' in page) == (file.stem != 'base')
  shown = re.findall(r'{image} \.\./images/(\S+)', page)
  images = (root / 'docs' / 'images').glob('zoo_*')
  assert sorted(shown) == sorted(image.name for image in images)


def test_the_sections_of_the_readme_have_a_page(website):
  pages = dict(website('pages').of_readme())
  assert '## Install' in pages['reference/first_steps.md']
  assert '## Citation' in pages['reference/about.md']
  assert '(../method.md)' in pages['reference/about.md']


@pytest.mark.parametrize('page', PAGES)
def test_every_public_function_has_an_example(website, page):
  api = website('api')
  assert set(PAGES) == set(api.PAGES)
  for name in api.PAGES[page].modules:
    module = importlib.import_module(name)
    apart = api.examples(name)
    for function_name, function in public(module):
      owner = getattr(module, function_name.partition('.')[0])
      texts = (function.__doc__, owner.__doc__)
      has = any('Example:\n' in (text or '') for text in texts)
      assert has or f'.{function_name}(' in apart, function_name


@pytest.mark.parametrize('page', [*PAGES[:-1], small.slow('runs')])
def test_examples(website, page, tmp_path, monkeypatch, one_device):
  monkeypatch.chdir(tmp_path)
  api, shared = website('api'), dict(CONTEXT)
  names = api.PAGES[page].modules
  shared |= {
    n.rpartition('.')[2]: importlib.import_module(n) for n in names if '.' in n
  }
  if page == 'runs':
    shared['load'] = jaxgan.load_run
  failures = []
  for name in names:
    for test in cases(name, api.examples(name)):
      # On this page an example goes on from those above it.
      test.globs = shared if page == 'runs' else dict(shared)
      doctest.DocTestRunner().run(test, out=failures.append, clear_globs=False)
  assert failures == []


def cases(name, apart):
  """The examples of a module, in the order of its page."""
  finder = doctest.DocTestFinder(exclude_empty=True)
  found = finder.find(importlib.import_module(name))
  yield from sorted(found, key=lambda test: test.lineno or 0)
  if apart:
    yield doctest.DocTestParser().get_doctest(apart, {}, name, None, 0)
