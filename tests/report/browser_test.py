"""The page in a browser: no errors, no overflow, working controls."""

import json
import re
import shutil
import subprocess

import pytest
from report_testing import make_run, measured

from jaxgan.report import write

BROWSER = shutil.which('chromium') or shutil.which('google-chrome')

pytestmark = [
  pytest.mark.slow,
  pytest.mark.skipif(not BROWSER, reason='no chromium on PATH'),
]

# Opens the page at a width, uses its controls, and writes what it finds.
PROBE = """<!DOCTYPE html><iframe src="PAGE" style="border:0;width:WIDTHpx;
height:900px"></iframe><script>
document.querySelector('iframe').onload = ({target}) => {
  const page = target.contentDocument, root = page.documentElement;
  const found = {overflow: root.scrollWidth - root.clientWidth};
  const shown = () => page.querySelector('#newest figcaption')?.textContent;
  const slider = page.getElementById('moment');
  found.last = shown();
  if (slider) {
    slider.value = 0;
    slider.dispatchEvent(new Event('input'));
    found.first = shown();
    found.spoken = slider.getAttribute('aria-valuetext');
    found.strip = target.contentWindow.getComputedStyle(
      page.querySelector('.film')).display;
  }
  const color = () =>
    target.contentWindow.getComputedStyle(page.body).backgroundColor;
  const before = color();
  page.getElementById('theme').click();
  found.changes = before !== color();
  const line = page.querySelector('.plot path[style*="--c0"]');
  found.stroke = target.contentWindow.getComputedStyle(line).stroke;
  found.reached = [...page.querySelectorAll('a, button, input, summary')]
    .filter((x) => !x.hidden).every((x) => x.tabIndex === 0);
  document.title = JSON.stringify(found);
};
</script>"""


def browse(page, tmp_path, width):
  probe = tmp_path / f'probe_{width}.html'
  text = PROBE.replace('PAGE', page.as_uri()).replace('WIDTH', str(width))
  probe.write_text(text)
  done = subprocess.run(
    [BROWSER, '--headless', '--no-sandbox', '--disable-gpu', '--dump-dom',
     '--enable-logging=stderr', '--allow-file-access-from-files',
     f'--user-data-dir={tmp_path / "profile"}', '--virtual-time-budget=4000',
     '--window-size=1400,1000', probe.as_uri()],
    capture_output=True, text=True, timeout=120, check=True,
  )  # fmt: skip
  assert 'CONSOLE' not in done.stderr
  return json.loads(re.search('<title>(.*?)</title>', done.stdout)[1])


def test_pages_work_in_a_browser(tmp_path):
  records = [measured(0, 100.0), measured(900, 5.0)]
  folders = [
    make_run(tmp_path / name, records=records, data={'path': 'long/' * 60})
    for name in ('one', 'two_' * 20)
  ]
  single = write.single(folders[0])
  compared = write.compare(folders, tmp_path / 'compared.html')
  for page in single, compared:
    for width in 390, 1280:
      found = browse(page, tmp_path, width)
      assert found['overflow'] == 0
      assert found['changes']
      assert found['reached']
      assert found['stroke'].startswith('rgb(')
      if page == single:
        assert found['last'] == 'Generated, step 200'
        assert found['first'] == found['spoken'] == 'Generated, step 0'
        assert found['strip'] == 'none'
