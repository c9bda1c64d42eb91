"""Evaluates generators and critics against real data.

Read in this order: `restore` (a generator or critic from a workdir),
`reference_data` (the real data), `plan` (which sets the metrics need),
`evaluator` (metrics of a generator), `memorization` (nearest training images,
gap of the critic on held-out data) and `command` (the work of
`jaxgan.evaluate`). `names` checks the metrics that a configuration names.
"""
