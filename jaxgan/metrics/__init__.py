"""Distances between sets of samples, and the nets whose features they use."""
