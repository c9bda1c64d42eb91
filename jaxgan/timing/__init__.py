"""Benchmarks: seconds, and what they would be at the machine's best."""
