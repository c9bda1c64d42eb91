"""Searches hyper-parameters with Optuna; each trial is a run.

Read `space` and `objective` (what is searched), `study` (storage, sampler,
pruner), `trials` (how a trial starts and ends), `runner` and `groups` (one
trial, or many in one program), `report` and `figures`, and `__main__`.
"""
