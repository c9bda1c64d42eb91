"""The sample command on a run with labels and codes."""

import numpy as np
import pytest
import small
from absl.testing import flagsaver

from jaxgan import mesh as mesh_lib
from jaxgan import sample, train, trained
from jaxgan.config import from_config_dict

NET = {
  'name': 'mlp', 'latent_size': 4, 'gen_widths': (8,), 'critic_widths': (8,),
  'conv': 'lax',
}  # fmt: skip


def run(folder, **net):
  config = from_config_dict(
    {
      'data': {'name': 'digits'},
      'net': {**NET, **net},
      'train': {'steps': 1, 'critic_steps': 1, 'batch_size': 8},
      'log': {'tensorboard': False},
    }
  )
  train.train_and_evaluate(config, folder)
  return folder


@pytest.fixture(scope='module')
def told(tmp_path_factory):
  """A run with ten classes, a choice of three, and a number."""
  with pytest.MonkeyPatch.context() as patch:
    patch.setattr(mesh_lib, 'make_mesh', small.mesh)
    codes = {'code_classes': 3, 'code_size': 1}
    yield run(tmp_path_factory.mktemp('told'), classes=10, **codes)


def ask(workdir, out, **asked):
  """`jaxgan.sample` in this process, which has imported it all."""
  given = {'workdir': workdir, 'out': out, **asked}
  argv = ['sample', *(f'--{name}={value}' for name, value in given.items())]
  with flagsaver.flagsaver():
    sample.flags.FLAGS(argv)
    return sample.main(argv[:1])


def drawn(workdir, out, **asked):
  assert ask(workdir, out, **asked) == 0
  return np.load(out)['images']


def test_a_class_is_asked_for(told, tmp_path):
  law = trained.load(told).latents
  assert (law.classes, law.code_classes, law.code_size) == (10, 3, 1)
  sevens = drawn(told, tmp_path / 's.npz', num=5, label=7)
  ones = drawn(told, tmp_path / 'o.npz', num=5, label=1)
  assert sevens.shape == ones.shape == (5, 8, 8, 1)
  assert not np.array_equal(sevens, ones)
  turns = drawn(told, tmp_path / 't.npz', num=8)
  np.testing.assert_array_equal(turns[7], drawn(
    told, tmp_path / 'x.npz', num=8, label=7
  )[7])  # fmt: skip


def test_codes_are_moved_in_rows(told, tmp_path):
  choices = drawn(told, tmp_path / 'c.npz', num=8, latents='choices')
  assert len(choices) == 9
  numbers = drawn(told, tmp_path / 'n.npz', num=20, latents='numbers')
  assert len(numbers) == 24
  drawn_between = drawn(
    told, tmp_path / 'b.npz', num=4, latents='interpolation', label=3
  )
  assert len(drawn_between) == 4


@pytest.mark.parametrize(
  ('flags', 'sentence'),
  [
    ({'label': 10}, 'The label is 10 and net.classes of this run is 10'),
    ({'label': 0}, 'net.classes of this run is 0'),
    ({'latents': 'choices'}, 'net.code_classes of this run is 0'),
    ({'latents': 'numbers'}, 'net.code_size of this run is 0'),
  ],
)
def test_what_a_run_has_not_is_refused(
  flags, sentence, told, tmp_path, capsys, monkeypatch
):
  monkeypatch.setattr(mesh_lib, 'make_mesh', small.mesh)
  folder = told if flags.get('label') == 10 else run(tmp_path / 'plain')
  assert ask(folder, tmp_path / 'out.npz', **flags) == 2
  assert sentence in capsys.readouterr().err


def test_as_many_classes_as_the_data_have(tmp_path, monkeypatch):
  monkeypatch.setattr(mesh_lib, 'make_mesh', small.mesh)
  with pytest.raises(ValueError, match=r'net\.classes is 7 and digits has 10'):
    run(tmp_path, classes=7)


def test_a_critic_that_is_told_labels_has_no_gap_without(told):
  with pytest.raises(ValueError, match=r'is told labels .*cannot be measured'):
    trained.load_critic(told)
