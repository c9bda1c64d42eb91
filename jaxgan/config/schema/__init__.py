"""Every key of a configuration: type, default, allowed values, documentation.

These dataclasses are the only definition of a key: `configs/default.py` and the
output of `--help_config` are made from them, and `parse` checks values against
them. The fields of `run.Config` are the sections. The files are formatted by
hand, as tables.
"""
