"""Measures speed: single steps, whole runs, data, and other programs.

Read `settings` (the measured networks), `iteration` (one step), `loop` (the
whole training loop), `runs` (many seeds), `layers` (single convolutions),
`files` (data loading), `peer` (another program) and `__main__` (the command).
"""
