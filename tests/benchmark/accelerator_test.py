"""Cases are measured in turn, within a budget, into a file that goes on."""

import json
import pathlib
import subprocess
import sys

import pytest
import small

from jaxgan.benchmark import accelerator, programs

ROOT = pathlib.Path(__file__).parents[2]
# Answers each number n with n times its flag --each, and other lines with {}.
PROGRAM = """
import json, sys, time
flags = dict(f[2:].split('=') for f in sys.argv[1:] if '=' in f)
time.sleep(float(flags.get('start', 0)))
if flags.get('precision') == flags.get('broken', '-'):
  raise SystemExit('no such precision')
print('words')
print(json.dumps({'flops': 12.0}), flush=True)
for line in sys.stdin:
  figures = {'peak_flops_per_second': 24.0}
  if line.strip().isdigit():
    figures = {'seconds': int(line) * float(flags['each']), 'peak_bytes': 7}
  print(json.dumps(figures), flush=True)
"""


@pytest.fixture
def run(tmp_path, monkeypatch):
  """Measures with programs that claim to take 2 and 4 seconds."""
  script = tmp_path / 'program.py'
  script.write_text(PROGRAM)

  def ours(**values):
    flags = [f'--{name}={value}' for name, value in values.items()]
    return [sys.executable, str(script), *flags, '--each=2']

  monkeypatch.setattr(accelerator, 'jaxgan', ours)

  def measure(peer='--each=4', program=f'{sys.executable} {script}', **changes):
    values = {
      'out': str(tmp_path / 'out.json'),
      'peer': peer and f'{program} {peer}', 'nets': ['toy'],
      'batches': ['8'], 'precisions': ['fp32'], 'convs': ['auto'],
      'modes': ['eager'], 'device': 'cpu', 'seeds': 1, 'critic_steps': 1,
      'warmup': 1, 'rounds': 2, 'window_seconds': 6.0, 'budget_seconds': 600,
      'in_turn': False, 'tpu': '',
    }  # fmt: skip
    settings = accelerator.Settings(**values | changes)
    rows = list(accelerator.measure(settings))[2:]
    table = [[c.strip() for c in row.strip('|').split('|')] for row in rows]
    return table, json.loads((tmp_path / 'out.json').read_text())

  return measure


def test_each_program_is_compared_with_the_first(run, tmp_path):
  rows = tmp_path / 'rows.jsonl'
  rows.write_text('{"config": "digits"}\n')
  table, results = run(convs=['auto', 'lax'], tpu=str(rows), in_turn=True)
  assert table == [
    ['toy', '8', 'fp32', 'jaxgan', '2.00000', '1.00'],
    ['toy', '8', 'fp32', 'jaxgan lax', '2.00000', '1.00'],
    ['toy', '8', 'fp32', 'torch eager', '4.00000', '0.50'],
  ]
  (case,) = results['cases']
  first, _, last = case['programs'].values()
  assert first['share_of_peak'] == 12 / 2 / 24
  assert last['seconds'] == [4.0, 4.0]
  assert last['peak_bytes'] == 7
  assert results['tpu'] == [{'config': 'digits'}]
  assert results['left_out'] == []


def test_replicas_are_a_case_for_each_net(run):
  table, results = run(seeds=3, peer='')
  assert [row[3] for row in table[1:]] == ['jaxgan map x 3', 'jaxgan vmap x 3']
  assert results['cases'][1]['programs']['jaxgan map']['share_of_peak'] == 0.75


def test_a_program_that_fails_does_not_stop_the_others(run):
  peer = '--each=4 --broken=tf32'
  table, results = run(peer, precisions=['fp32', 'tf32'])
  assert table[3][4] == 'error: no such precision'
  assert table[2][4:] == ['2.00000', '1.00']
  # The same command measures what is missing, and nothing else.
  table, again = run(precisions=['fp32', 'tf32'])
  assert [row[2:4] for row in table] == [
    ['tf32', 'jaxgan'], ['tf32', 'torch eager']
  ]  # fmt: skip
  assert again['cases'][0] == results['cases'][0]
  assert len(again['cases']) == 2
  assert run(precisions=['fp32', 'tf32'])[0] == []
  assert len(run(modes=['eager', 'compile'])[0]) == 3  # A new program.


@pytest.mark.slow
def test_what_the_budget_does_not_allow_is_left_out(run):
  table, results = run(
    '--each=4 --start=60', budget_seconds=4, batches=['8', '16'],
    window_seconds=0.01,
  )  # fmt: skip
  assert table[0][4:] == ['2.00000', '1.00']
  assert table[1][4] == 'error: not compiled within the budget'
  assert table[2] == ['toy', '16', 'fp32', 'all', 'left out', '']
  assert [case['batch'] for case in results['left_out']] == [16]


def test_a_program_that_cannot_start_has_failed(run):
  table, _ = run(program='./no_such_program')
  assert 'no_such_program' in table[1][4]


def test_answers_that_are_no_json():
  code = "print('{}', flush=True); input(); raise SystemExit(3)"
  program = programs.Program([sys.executable, '-c', f"print('{{no'); {code}"])
  program.wait(1e9)
  assert program.figures == {'error': 'no JSON: {no\n'}
  program.close()
  program = programs.Program([sys.executable, '-c', code])
  program.wait(1e9)
  assert program.ask('1', 1e9) == {}
  assert program.figures == {'error': 'exit status 3'}
  program.close()


@pytest.mark.parametrize(
  ('content', 'sentence'),
  [(None, '--out is missing'), ('[]', 'which is no file of results')],
)
def test_a_file_that_is_no_result_is_a_sentence(
  content, sentence, run, tmp_path
):
  out = ''
  if content:
    out = str(tmp_path / 'other.json')
    pathlib.Path(out).write_text(content)
  with pytest.raises(ValueError, match=sentence):
    run(out=out)


@pytest.mark.slow
def test_the_command_measures_jaxgan(tmp_path):
  out = tmp_path / 'out.json'
  subprocess.run(
    [
      sys.executable, '-m', 'jaxgan.benchmark', '--mode=accelerator',
      f'--out={out}', '--nets=small_toy', '--batches=8', '--critic_steps=1',
      '--window_seconds=0.01', '--seeds=2', '--tpu=',
    ],
    cwd=ROOT, check=True, env=small.environment(),
  )  # fmt: skip
  one, two = json.loads(out.read_text())['cases']
  assert one['programs']['jaxgan']['seconds_median'] > 0
  assert one['programs']['jaxgan']['jax']
  assert two['programs'].keys() == {'jaxgan map', 'jaxgan vmap'}
  assert two['programs']['jaxgan vmap']['ratio'] > 0
