"""Contradictions between keys are refused, with a sentence that says why."""

import jax.numpy as jnp
import pytest

from jaxgan.config import Loss, from_config_dict
from jaxgan.gan import losses

BIGGAN = {'name': 'biggan', 'gen_norm': 'batch'}


@pytest.mark.parametrize(
  ('values', 'sentence'),
  [
    ({'data': {'attributes': ('Male',)}}, r"data.attributes is \('Male',\) and "
     "data.name is 'digits'; only celeb_a and celeba have attributes."),
    ({'data': {'name': 'celeba', 'attributes': ('Male', 'Male')}},
     'at most 5 different names'),
    ({'data': {'name': 'celeba', 'attributes': tuple('abcdef')}},
     'at most 5 different names'),
    ({'data': {'placement': 'stream'}}, "data.placement is 'stream' and "
     "data.name is 'digits'; .* must be auto, host or device."),
    ({'data': {'image_width': 8}}, 'data.image_width is 8 and data.image_size '
     'is 0; a width needs a height'),
    ({'train': {'gen_batch_size': 1}}, 'train.gen_batch_size is 1; one example '
     'has no diversity'),
    ({'train': {'batch_doubles_at': (9, 5)}}, r'is \(9, 5\); each step must'),
    ({'train': {'batch_doubles_at': (5, 5)}}, r'is \(5, 5\); each step must'),
    ({'eval': {'metrics': ('fid9_digits',), 'every_steps': 3},
      'checkpoint': {'best_metric': 'fid9_digits', 'every_steps': 4}},
     "checkpoint.best_metric is 'fid9_digits' and checkpoint.every_steps is 4 "
     'and eval.every_steps is 3; .* multiple of eval.every_steps.'),
    ({'net': {'critic_norm': 'batch'}}, "net.critic_norm is 'batch' and "
     'penalty.weight is 10.0; batch norm mixes the examples'),
    ({'penalty': {'target_law': 'ratio'}}, 'must be one-sided'),
    ({'penalty': {'controller': 'replay'}}, 'replay needs the metrics.jsonl'),
    ({'penalty': {'replay': 'x'}}, 'no other controller reads one'),
    ({'penalty': {'preset': 'none', 'controller': 'replay', 'replay': 'x'}},
     "penalty.controller is 'replay' and penalty.weight is 0.0; a weight of 0 "
     'turns the penalty off'),
    ({'penalty': {'weight': 0, 'controller': 'replay', 'replay': 'x'}},
     'so a replay needs one above 0'),
    ({'loss': {'name': 'energy'}}, "loss.name is 'energy' and net.critic_head "
     "is 'score'; energy and autoencoder need each other."),
    ({'net': {'critic_head': 'autoencoder'}}, "loss.name is 'wasserstein' and "
     "net.critic_head is 'autoencoder'"),
    ({'loss': {'pull_away': 0.1}}, 'loss.pull_away is 0.1 and .* only energy'),
    ({'optim': {'gen': {'schedule': 'exponential'}}}, 'optim.gen.lr_end is 0.0 '
     "and optim.gen.schedule is 'exponential'; .* never reaches 0"),
    ({'optim': {'critic': {'schedule': 'exponential'}}}, 'optim.critic.lr_end'),
    ({'regularisers': {'augment_target': 0.6}}, 'regularisers.augment_target '
     r'is 0.6 and regularisers.augment is \(\); it needs at least one'),
    ({'regularisers': {'consistency': 1.0}}, 'regularisers.consistency is 1.0'),
  ],
)  # fmt: skip
def test_a_contradiction_gets_a_sentence(values, sentence):
  with pytest.raises(ValueError, match=sentence) as caught:
    from_config_dict(values)
  assert '\n' not in str(caught.value)


@pytest.mark.parametrize(
  ('net', 'sentence'),
  [
    ({'name': 'mlp', 'attention': 4}, "net.attention is 4 and net.name is 'mlp'"
     '; only dcgan, resnet, biggan have attention.'),
    ({**BIGGAN, 'critic_head': 'autoencoder'}, "net.critic_head is "
     "'autoencoder' and net.name is 'biggan'; only mlp, dcgan, resnet can be"),
    ({'classes': 3, 'critic_head': 'autoencoder'}, 'net.classes is 3 .* has no '
     'labels and codes'),
    ({'code_size': 1, 'critic_head': 'autoencoder'}, 'net.code_size is 1; .* '
     'these three must be 0'),
    ({'classes': 3, 'gen_label': 'norm'}, 'net.gen_norm must be batch or '
     'batch_spectral'),
    ({'name': 'biggan', 'gen_norm': 'none'}, "net.name is 'biggan' and "
     "net.gen_norm is 'none'; .* must be batch or batch_spectral"),
    ({**BIGGAN, 'critic_widths': (12, 8)}, r'net.critic_widths is \(12, 8\); '
     '.* must not decrease from the image inward'),
    ({**BIGGAN, 'gen_widths': (8, 12)}, r'net.gen_widths is \(8, 12\); '),
    ({'name': 'stylegan', 'gen_norm': 'batch'}, "net.gen_norm is 'batch'; its "
     'only normalization is demodulation'),
    ({'name': 'stylegan', 'critic_norm': 'spectral'}, 'net.critic_norm is '
     "'spectral'; .* the norm must be none"),
    ({'name': 'stylegan', 'gen_widths': (8,)}, 'must be at least 2 widths'),
    ({'name': 'r3gan', 'gen_norm': 'batch'}, "net.name is 'r3gan' and "
     "net.gen_norm is 'batch'; it has no normalization, so the norm must be "
     'none.'),
    ({'name': 'r3gan', 'critic_norm': 'spectral'}, "net.critic_norm is "
     "'spectral'; it has no normalization"),
    ({'name': 'r3gan', 'attention': 8}, 'biggan have attention'),
    ({'name': 'multiscale', 'scales': 4}, 'net.scales is 4 and .* it must be '
     'from 2 to 3.'),
    ({'name': 'multiscale', 'scales': 1}, 'net.scales is 1 and .* from 2 to 3'),
    ({'name': 'multiscale', 'scales': 3, 'critic_widths': (4, 8)},
     'net.scales is 3 and .* from 2 to 2'),
    ({'name': 'multiscale', 'classes': 3}, "net.classes is 3 and "
     "net.critic_label is 'concat' and net.name is 'multiscale'; its images "
     'have no channel for a label'),
    ({'name': 'multiscale', 'critic_head': 'autoencoder'}, 'only mlp, dcgan, '
     'resnet can be autoencoders'),
  ],
)  # fmt: skip
def test_nets_refuse_what_they_cannot_do(net, sentence):
  loss = 'energy' if 'critic_head' in net else 'hinge'
  with pytest.raises(ValueError, match=sentence):
    from_config_dict({'net': net, 'loss': {'name': loss}})


def test_the_batches_of_stylegan_are_whole_groups():
  sentence = (
    'train.batch_size is 10 and net.minibatch_group is 4; it must be a multiple'
  )
  values = {'net': {'name': 'stylegan'}, 'train': {'batch_size': 10}}
  with pytest.raises(ValueError, match=sentence):
    from_config_dict(values)
  from_config_dict({**values, 'net': {'name': 'dcgan'}})


def test_multiscale_refuses_augmentation():
  values = {
    'net': {'name': 'multiscale'},
    'regularisers': {'augment': ('colour',)},
  }
  with pytest.raises(ValueError, match='several sizes cannot be augmented'):
    from_config_dict(values)


def test_batch_norm_is_allowed_without_a_penalty():
  config = from_config_dict(
    {'net': {'critic_norm': 'batch'}, 'penalty': {'preset': 'wgan'}}
  )
  assert config.net.critic_norm == 'batch'


@pytest.mark.parametrize('key', ['smooth_real', 'smooth_fake'])
@pytest.mark.parametrize('name', losses.LOSSES)
def test_labels_are_smoothed_where_the_loss_has_labels(name, key):
  head = 'autoencoder' if name == 'energy' else 'score'
  values = {
    'loss': {'name': name, key: 0.1},
    'net': {'critic_head': head},
  }
  real, fake = jnp.array([0.3, 0.9]), jnp.array([-0.2, 0.4])
  plain, smooth = (
    losses.build(Loss(name=name, **keys)).critic(real, fake)
    for keys in ({}, {key: 0.1})
  )
  if float(plain) != float(smooth):
    assert from_config_dict(values).loss.name == name
  else:
    with pytest.raises(ValueError, match=f'loss.{key} is 0.1 and loss.name'):
      from_config_dict(values)
