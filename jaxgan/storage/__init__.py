"""Reads and writes all files of a run.

Read in this order: `atomic` (a file appears only when complete), `workdir`
(config.json, data.json, the lock), `checkpoint` (the training state; the only
file that imports orbax), `pictures` (images and plots), `writers`
(metrics.jsonl, TensorBoard, samples/) and `export` (generated samples as
files).
"""
