r"""UCI Adult: 32,561 people, 6 integers and 9 categories (docs/tables.md).

  python -m jaxgan.main --config=configs/adult.py --workdir=runs/adult \
    --config.data.path=FILE

FILE is the training file of archive.ics.uci.edu/dataset/2/adult (CC BY 4.0)
with a header, as .csv or .csv.gz. A quarter of the rows is held out for the
metrics. 4,000 steps took 8 min on 2 busy CPU cores; docs/tables.md has the
results.
"""

from ml_collections import config_dict

from configs import mixed_table


def get_config(variant: str = '') -> config_dict.ConfigDict:
  config = mixed_table.get_config(variant)
  config.data.split = 'train[:75%]'
  config.eval.split = 'train[75%:]'
  return config
