r"""Your own table: rows of numbers in a .csv, .tsv, .npy or .npz.

  python -m jaxgan.main --config=configs/table.py --workdir=runs/table \
    --config.data.path=FILE

Columns are standardized for training; samples are in the units of the table.
Write samples: python -m jaxgan.sample --workdir=runs/table --num=1000
--out=samples.csv. 4,000 steps took 31 to 68 s on 2 busy CPU cores for the 442
patients of docs/vectors.md, which has the results.
"""

from ml_collections import config_dict

from configs import default


def get_config(variant: str = '') -> config_dict.ConfigDict:
  config = default.get_config()
  config.data.name = 'table'
  config.net.name = 'mlp'
  config.net.latent_size = 32
  config.net.gen_widths = (128, 128, 128)
  config.net.critic_widths = (128, 128, 128)
  for optimizer in (config.optim.gen, config.optim.critic):
    optimizer.lr = 5e-4
  config.train.steps = 4_000
  config.eval.every_steps = 1_000
  config.eval.num_images = 2_048
  if variant == 'tiny':
    config.data.mock_examples = 64
  return default.finish(config, variant)
