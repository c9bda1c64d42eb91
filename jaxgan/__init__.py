"""Wasserstein GANs in JAX whose gradient penalty adapts to the distance."""

__version__ = '0.1.0'
