"""Distances between arrays of features: numpy and scipy, in float64."""
