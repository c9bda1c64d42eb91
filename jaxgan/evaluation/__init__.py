"""Evaluates generators and critics against real data.

Read in this order: `restore` (a generator or critic from a workdir),
`reference_data` (the real data), `plan` (which sets the metrics need),
`evaluator` (metrics of a generator), `memorization` (nearest training images,
gap of the critic on held-out data), `command` (the flags of `jaxgan.evaluate`)
and `run` (the public API). `names` checks the metrics of a configuration.
"""
