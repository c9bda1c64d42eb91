"""The identity of a run, and of workdirs of versions without one."""

import pytest
import small

from jaxgan.config import Checkpoint
from jaxgan.storage import identity
from jaxgan.storage.checkpoint import Checkpoints, OtherRun
from jaxgan.storage.identity import Identity


def test_an_identity_is_new_until_it_is_written(tmp_path):
  run = identity.read(tmp_path)
  assert run != identity.read(tmp_path)
  assert not list(tmp_path.iterdir())
  identity.write(tmp_path, run)
  assert identity.read(tmp_path) == run
  identity.write(tmp_path, Identity('other', 3))
  assert identity.read(tmp_path) == run


@pytest.mark.parametrize('content', ['[]', '{"id": "0"}', '{'])
def test_a_damaged_file_is_named(tmp_path, content):
  (tmp_path / 'run.json').write_text(content)
  with pytest.raises(
    ValueError, match=r'run\.json (is damaged|cannot be read)'
  ):
    identity.read(tmp_path)


@pytest.mark.parametrize(('is_old', 'since'), [(True, 20), (False, 0)])
def test_old_checkpoints_belong_to_an_old_workdir(tmp_path, is_old, since):
  for name in ('7', '20', '30.orbax-checkpoint-tmp'):
    (tmp_path / 'checkpoints' / name).mkdir(parents=True)
  if is_old:
    (tmp_path / 'config.json').touch()
  assert identity.read(tmp_path).since == since


@pytest.mark.parametrize(
  ('saved', 'now', 'fits'),
  [
    (None, Identity('a', 0), True),  # At most step 0, which is the saved one.
    (None, Identity('a', -1), False),
    (Identity('a', 0), Identity('a', 0), True),
    (Identity('b', 0), Identity('a', 9), False),
    (Identity('b', 0), None, True),
  ],
)
def test_a_checkpoint_of_another_run_is_not_restored(
  tmp_path, saved, now, fits
):
  state = small.make(small.config())[0]
  with Checkpoints(tmp_path / 'c', Checkpoint(), run=saved) as checkpoints:
    checkpoints.save(state, {})
  with Checkpoints(tmp_path / 'c', Checkpoint(), run=now) as checkpoints:
    if fits:
      assert int(checkpoints.restore(state).step) == 0
    else:
      with pytest.raises(OtherRun, match='is a checkpoint of another run'):
        checkpoints.restore(state)
