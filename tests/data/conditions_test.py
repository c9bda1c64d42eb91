"""Training by sampling is a function of (seed, step), with stated shares."""

import chex
import jax
import numpy as np
import small

from jaxgan.data import cells, conditions, mixed_fit, on_device, pipeline
from jaxgan.data.dataset import Dataset
from jaxgan.gan import sharding as mesh_lib


def dataset():
  rows = [
    [str(i), 'rare' if i < 8 else 'often', 'xyz'[i % 3]] for i in range(2048)
  ]
  table = cells.of_rows(('n', 'rarity', 'letter'), rows, 'test')
  columns = mixed_fit.fit(table, {}, 'all')
  values = columns.encode(table)
  labels = np.zeros(len(values), np.int32)
  return Dataset(values, labels, 5, 'mixed_table', columns)


def test_every_row_has_the_category_of_its_label():
  data = dataset()
  sampler = pipeline.Sampler(data, 0, 512, 2)
  batch = pipeline.host_batch(sampler, 3)
  assert batch.image.shape == (2, 512, data.shape[0])
  assert batch.label.dtype == np.int32
  places = np.array(data.columns.labels)[batch.label]
  found = np.take_along_axis(batch.image, places[..., :1], axis=2)[..., 0]
  np.testing.assert_array_equal(found, places[..., 1])
  assert data.class_counts == (2040, 8, 683, 683, 682)


def test_labels_follow_the_logarithm_of_their_rows():
  data = dataset()
  rows, labels = data.conditions.draw(0, 0, np.arange(200_000))
  shares = np.bincount(labels, minlength=5) / len(labels)
  logs = np.log1p([2040, 8])
  expected = [*logs / logs.sum() / 2, *[1 / 6] * 3]
  np.testing.assert_allclose(shares, expected, atol=0.005)
  rare = np.unique(rows[labels == 1])
  np.testing.assert_array_equal(np.sort(rare), np.arange(8))


def test_batches_are_a_function_of_seed_and_step():
  data = dataset()

  def draw(seed, step, **options):
    return pipeline.batch_indices(
      pipeline.Sampler(data, seed, 64, 2, **options), step
    )

  whole = draw(1, 5)
  np.testing.assert_array_equal(draw(1, 5), whole)
  halves = [draw(1, 5, process_index=i, process_count=2) for i in (0, 1)]
  np.testing.assert_array_equal(np.concatenate(halves, axis=2), whole)
  assert (draw(1, 6)[0] != whole[0]).any()
  assert (draw(2, 5)[0] != whole[0]).any()


def test_a_category_that_a_split_lacks_is_never_drawn():
  data = dataset()
  made = conditions.build(data.columns, data.images[8:])
  _, labels = made.draw(0, 0, np.arange(5000))
  assert set(labels.tolist()) == {0, 2, 3, 4}


def test_batches_on_the_devices_are_those_of_the_host():
  sampler = pipeline.Sampler(dataset(), 1, 8, 2)
  layout = mesh_lib.shardings(small.mesh()).batch
  for source in (on_device, pipeline):
    batches = source.device_batches(sampler, 4, layout)
    batch = jax.device_get(next(batches))
    batches.close()
    chex.assert_trees_all_equal(batch, pipeline.host_batch(sampler, 4))
