"""The oldest, the usual and the newest versions are those that CI installs."""

import json
import re
import subprocess
import sys
import tomllib

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version


def versions(requirements, operator):
  """{package: version}; each requirement must be one bound of this kind."""
  found = {}
  for requirement in map(Requirement, requirements):
    (bound,) = requirement.specifier
    assert bound.operator == operator, str(requirement)
    found[canonicalize_name(requirement.name)] = Version(bound.version)
  return found


def test_the_lowest_lane_installs_the_lower_bounds(root):
  project = tomllib.loads((root / 'pyproject.toml').read_text())['project']
  lines = (root / '.ci' / 'lowest.txt').read_text().splitlines()
  pins = versions([x for x in lines if not x.startswith('#')], '==')
  assert pins == versions(project['dependencies'], '>=')


@pytest.fixture
def jobs(root):
  path = root / '.github' / 'workflows' / 'ci.yml'
  return yaml.safe_load(path.read_text())['jobs']


def test_ci_runs_the_lanes_of_the_script_on_its_interpreters(root, jobs):
  script = (root / '.ci' / 'lane').read_text()
  lanes = re.findall(r'^  (\w+)\) python=python(\S+)', script, re.MULTILINE)
  assert {lane for lane, _ in lanes} == {'lowest', 'middle', 'newest'}
  matrix = jobs['tests']['strategy']['matrix']['include']
  assert [(row['lane'], row['python']) for row in matrix] == lanes


def test_every_job_has_a_time_limit_and_runs_what_exists(root, jobs):
  for name, job in jobs.items():
    assert job['timeout-minutes'] <= 60, name
    for command in (step.get('run', '') for step in job['steps']):
      for script in re.findall(r'\.ci/\w+', command):
        assert (root / script).is_file(), script


def test_the_notebook_keeps_the_jax_that_is_installed(
  root, tmp_path, monkeypatch
):
  cells = json.loads((root / 'colab' / 'quickstart.ipynb').read_text())['cells']
  (code,) = (''.join(c['source']) for c in cells if c['id'] == 'install')
  names = {}
  exec(code.replace('OWNER', 'someone'), names)  # Installs nothing: it is here.
  names['accelerator'] = lambda: 'cuda'
  commands = []
  monkeypatch.setattr(subprocess, 'run', lambda c, **_: commands.append(c))
  monkeypatch.setattr(sys, 'path', [])
  monkeypatch.chdir(tmp_path)

  def installed(version):
    names['jax_version'] = lambda: version
    names['install']()
    return commands[-1][-1]

  assert installed('0.7.2') == str(tmp_path / 'jaxgan-checkout')
  assert installed(None) == str(tmp_path / 'jaxgan-checkout[cuda]')
