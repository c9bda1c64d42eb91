"""Every key of a configuration: type, default, allowed values, documentation.

A key is written here and nowhere else: `configs/default.py` and the output of
`--help_config` are made from these dataclasses, and `parse` checks values
against them. `run.Config` is the whole; its fields are the sections. The files
are tables of keys, so their layout is by hand.
"""
