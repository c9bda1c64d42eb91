"""Package, wheel and repository agree on names, versions and the address."""

import json
import re
import subprocess
import tomllib
from importlib import util

import pytest
import yaml
from IPython.core.inputtransformer2 import TransformerManager

import jaxgan

NOTEBOOKS = (
  'quickstart', 'photographs', 'mnist_tpu', 'method_from_scratch', 'results',
)  # fmt: skip
COLAB = 'https://colab.research.google.com/github/'
UNSET = 'REPOSITORY is not set: write the account that holds jaxgan into it.'


@pytest.fixture(scope='module')
def pyproject(root):
  return tomllib.loads((root / 'pyproject.toml').read_text())


@pytest.fixture(scope='module')
def citation(root):
  return yaml.safe_load((root / 'CITATION.cff').read_text())


def address(pyproject):
  return pyproject['project']['urls']['Repository']


def code_with_address(root, name):
  cells = json.loads((root / 'colab' / f'{name}.ipynb').read_text())['cells']
  sources = [''.join(c['source']) for c in cells if c['cell_type'] == 'code']
  (source,) = (s for s in sources if 'REPOSITORY = ' in s)
  return TransformerManager().transform_cell(source)


def test_the_wheel_has_every_package(root, pyproject):
  def packages(folder, name):
    for path in (folder, *folder.rglob('*')):
      if path.is_dir() and any(path.glob('*.py')):
        yield '.'.join((name, *path.relative_to(folder).parts))

  assert sorted(pyproject['tool']['setuptools']['packages']) == sorted(
    {
      *packages(root / 'jaxgan', 'jaxgan'),
      *packages(root / 'configs', 'jaxgan.configs'),
    }
  )


def test_the_extras_are_described(root, pyproject):
  extras = pyproject['project']['optional-dependencies']
  for name in 'cuda', 'search', 'study', 'tensorboard', 'tf', 'tpu':
    assert extras[name]
  readme = (root / 'README.md').read_text()
  table = readme.partition('| extra | installs |')[2].partition('\n\n')[0]
  assert set(re.findall(r'(?m)^\| `(\w+)` \| \S', table)) == set(extras)


def test_what_the_readme_asks_for_can_be_installed(root, pyproject):
  extras = pyproject['project']['optional-dependencies']
  pages = [*(root / 'docs').glob('*.md'), *root.glob('*.md')]
  text = ''.join(page.read_text() for page in pages)
  named = re.findall(r"pip install [^\n`]*\[([\w,]+)\]'", text)
  assert {extra for names in named for extra in names.split(',')} <= set(extras)
  if 'tensorboard --logdir' in text:
    assert "[tensorboard]'" in text


def test_the_version_is_written_once_or_equal(root, pyproject, citation):
  version = pyproject['project']['version']
  assert jaxgan.__version__ == citation['version'] == version
  changes = (root / 'CHANGELOG.md').read_text()
  headings = re.findall(r'(?m)^## (.*)$', changes)
  assert headings[0] == '[Unreleased]'
  assert headings[1].startswith(f'[{version}] - ')
  assert headings[1].endswith(citation['date-released'])
  readme = (root / 'README.md').read_text()
  assert f'version = {{{version}}}' in readme


def test_the_citation_agrees_with_readme_and_package(root, pyproject, citation):
  (author,) = pyproject['project']['authors']
  assert citation['cff-version'] == '1.2.0'
  assert citation['authors'] == [author]
  assert citation['license'] == pyproject['project']['license']
  assert citation['keywords'] == pyproject['project']['keywords']
  readme = (root / 'README.md').read_text()
  assert f'author  = {{{{{author["name"]}}}}}' in readme
  entry = re.search(r'@software.*?title   = {(.*?)},\n', readme, re.DOTALL)
  assert entry.group(1).replace('{', '').replace('}', '') == citation['title']


def test_one_place_says_where_the_repository_is(root, pyproject, citation):
  url = address(pyproject)
  assert citation['repository-code'] == url
  files = [
    *root.glob('*.md'),
    *(root / 'docs').glob('*.md'),
    *(root / 'colab').glob('*.ipynb'),
    *(root / '.github').rglob('*.md'),
  ]
  users = set()
  for file in files:
    text = file.read_text().replace(COLAB, 'https://github.com/')
    for found in re.findall(r'https://[\w./-]+/jaxgan\b', text):
      assert found == url, f'{file} has {found}; pyproject.toml has {url}'
      users.add(file.name)
  assert {
    'README.md', 'CONTRIBUTING.md', *(f'{name}.ipynb' for name in NOTEBOOKS),
  } <= users  # fmt: skip


@pytest.mark.parametrize('name', NOTEBOOKS)
def test_a_notebook_has_a_badge_that_opens_it(root, pyproject, name):
  text = (root / 'colab' / f'{name}.ipynb').read_text()
  path = address(pyproject).removeprefix('https://github.com/')
  assert f'({COLAB}{path}/blob/main/colab/{name}.ipynb)' in text


@pytest.mark.parametrize('name', NOTEBOOKS)
def test_a_notebook_without_without_an_address_says_what_to_put_there(
  root, monkeypatch, pyproject, tmp_path, name
):
  code = code_with_address(root, name)
  code = code.replace(address(pyproject), 'https://github.com/OWNER/jaxgan')
  monkeypatch.chdir(tmp_path)
  monkeypatch.setattr(util, 'find_spec', lambda name: None)
  with pytest.raises(SystemExit, match=f'^{UNSET}$'):
    exec(code, {})
  commands = []

  class Shell:
    def run_line_magic(self, name, line):
      commands.append(line)
      raise SystemExit('installed')

  def install(command, **_):
    commands.append(' '.join(command))
    raise SystemExit('installed')

  monkeypatch.setattr(subprocess, 'run', install)
  with pytest.raises(SystemExit, match='installed'):
    exec(code.replace('OWNER', 'someone'), {'get_ipython': Shell})
  assert len(commands) == 1


def test_issues_and_pull_requests_have_templates(root):
  folder = root / '.github' / 'ISSUE_TEMPLATE'
  assert {file.stem for file in folder.iterdir()} == {
    'bug', 'feature', 'results',
  }  # fmt: skip
  for file in folder.iterdir():
    _, head, body = file.read_text().split('---\n', 2)
    assert set(yaml.safe_load(head)) == {'name', 'about', 'labels'}
    assert body.strip()
  assert (root / '.github' / 'PULL_REQUEST_TEMPLATE.md').is_file()
