"""Distances between sets of images, and the feature nets they rest on."""
