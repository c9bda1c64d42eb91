r"""Your own table with numbers, categories, dates and missing cells.

  python -m jaxgan.main --config=configs/mixed_table.py --workdir=runs/rows \
    --config.data.path=FILE
  python -m jaxgan.sample --workdir=runs/rows --num=10000 --out=rows.csv

--describe shows the kinds of the columns before training. Nets and batch are
those of CTGAN (Xu et al., 2019). Its packs of 10 rows and its dropout are left
out, and the rates are higher: better in runs of 1,500 steps (docs/tables.md).
"""

from ml_collections import config_dict

from configs import default


def get_config(variant: str = '') -> config_dict.ConfigDict:
  config = default.get_config()
  config.data.name = 'mixed_table'
  config.data.condition = 'all'
  config.net.name = 'table_mlp'
  config.net.latent_size = 128
  config.net.gen_widths = (256, 256)
  config.net.critic_widths = (256, 256)
  config.net.gen_norm = 'batch'
  config.penalty.preset = 'wgan_gp'
  for optimizer in (config.optim.gen, config.optim.critic):
    optimizer.lr = 1e-3
    optimizer.b1 = 0.5
    optimizer.b2 = 0.9
    optimizer.schedule = 'cosine'
    optimizer.lr_end = 0.1
  config.train.batch_size = 500
  config.train.critic_steps = 1
  config.train.steps = 4_000
  config.eval.every_steps = 1_000
  config.eval.num_images = 1_000
  if variant == 'tiny':
    config.data.mock_examples = 64
    config.net.pack = 2
  return default.finish(config, variant)
