"""Searches hyper-parameters: each trial is a run of its own."""
