"""Distances between sets of samples, and the feature nets they use.

Read `protocol` first: it parses a metric name such as `fid10k_mnist` and
measures it. Then `kinds` (the table of all metrics), `features` (the feature
nets by name) and `record` (a value with all settings of its measurement).
Each distance has one file, which works on plain arrays: `frechet`, `kid`,
`inception_score`, `precision_recall`, `transport`, `diversity`, `modes` and
`neighbors`. They share `arrays` (checks of arguments) and `pairwise` (distances
in blocks). The feature nets are image classifiers (`classifier_net`,
`photo_net`, `classifier_files`, `classifier_training`) and Inception-v3
(`inception`, `inception_weights`, `resize`). `npz` reads and writes files, and
`feature_cache` keeps the features of real data on disk.
"""
