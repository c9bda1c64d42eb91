"""The tracker of docs/trackers.md for MLflow, with a server of its own.

CI does not install MLflow, so it skips this file: run it where MLflow is.
"""

import contextlib
import json
import re
import socket
import subprocess
import sys
import time
import urllib.request

import pytest
import small

import jaxgan
from jaxgan.gan import sharding

mlflow = pytest.importorskip('mlflow')
pytestmark = [
  pytest.mark.slow,
  pytest.mark.filterwarnings('ignore'),  # Of MLflow and of what it imports.
]


def code(root, title):
  """The code of a section of docs/trackers.md."""
  page = (root / 'docs' / 'trackers.md').read_text()
  section = page.split(f'## {title}\n')[1].split('\n## ')[0]
  return re.search(r'```python\n(.*?)```', section, re.DOTALL).group(1)


@pytest.fixture
def server(tmp_path):
  """The address of a tracking server with a SQLite store."""
  with socket.socket() as free:
    free.bind(('127.0.0.1', 0))
    port = free.getsockname()[1]
  command = [
    sys.executable, '-m', 'mlflow', 'server', f'--port={port}',
    f'--backend-store-uri=sqlite:///{tmp_path}/mlflow.db',
    f'--artifacts-destination={tmp_path}/artifacts', '--workers=1',
  ]  # fmt: skip
  address = f'http://127.0.0.1:{port}'
  with (tmp_path / 'server.log').open('w') as log:
    process = subprocess.Popen(
      command, cwd=tmp_path, stdout=log, stderr=subprocess.STDOUT
    )
    try:
      for _ in range(300):
        with contextlib.suppress(OSError):
          urllib.request.urlopen(f'{address}/health', timeout=5)
          break
        time.sleep(1)
      yield address
    finally:
      process.terminate()
      process.wait(60)


def rest(address, call, **values):
  """Calls the REST API; posts values to `search`, else puts them in the URL."""
  url = f'{address}/api/2.0/mlflow/{call}'
  if call.endswith('search'):
    data = json.dumps(values).encode()
    request = urllib.request.Request(
      url, data, {'Content-Type': 'application/json'}
    )
  else:
    query = '&'.join(f'{k}={v}' for k, v in values.items())
    request = urllib.request.Request(f'{url}?{query}')
  with urllib.request.urlopen(request, timeout=60) as answer:
    return json.load(answer)


def test_mlflow_gets_curves_pictures_and_records(
  root, server, tmp_path, monkeypatch
):
  monkeypatch.setattr(sharding, 'make_mesh', small.mesh)
  mlflow.set_tracking_uri(server)
  names = {}
  exec(code(root, 'MLflow'), names)
  changes = {
    'log.every_steps': 2, 'eval.every_steps': 2, 'checkpoint.every_steps': 2,
    'eval.metrics': ('w1_15_pixels',),
  }  # fmt: skip
  for steps in 4, 6:  # The second call resumes.
    config = jaxgan.load_config('digits:tiny', changes | {'train.steps': steps})
    run = jaxgan.train(config, tmp_path / 'run', callback=names['MLflow']())

  (found,) = rest(server, 'runs/search', experiment_ids=['0'])['runs']
  info, data = found['info'], found['data']
  assert (info['status'], info['run_name']) == ('FINISHED', 'run')
  params = {x['key']: x['value'] for x in data['params']}
  assert params['net.name'] == 'mlp'
  history = rest(
    server, 'metrics/get-history', run_id=info['run_id'], metric_key='gap'
  )['metrics']
  assert [(x['step'], x['value']) for x in history] == [
    (row['step'], row['gap']) for row in run.metrics() if 'gap' in row
  ]
  for folder, steps in ('generated', (0, 2, 4, 6)), ('records', (0, 2, 4, 6)):
    files = rest(server, 'artifacts/list', run_id=info['run_id'], path=folder)[
      'files'
    ]
    assert [int(re.search(r'/(\d+)\.', x['path'])[1]) for x in files] == [
      *steps
    ]
