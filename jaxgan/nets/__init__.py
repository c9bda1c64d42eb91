"""Generator and critic pairs as flax modules.

`catalog` builds a pair by name and initializes it; only this package, the
feature nets of metrics and `gan/networks.py` import flax.linen. Read `layers`
and `base` first (what all nets share), then one net: `mlp`, `dcgan`, `resnet`,
`multiscale`, `biggan`, `stylegan` (with `equalized`) or `r3gan` (with
`resample`). `attention`, `conditional` and `autoencoder` are options of several
nets, `latents` is the distribution of the generator's inputs, `tables`
describes a pair, `chunks` applies a network to any number of examples,
`precision` has the values of `train.precision`, `initializers` gives first
weights, and `kernels/` computes convolutions.

In every module `config` is the `net` section of the configuration with the type
of activations, `norm` a value of `net.gen_norm` or `net.critic_norm`, and
`train` whether batch statistics and spectral vectors are updated and dropout
and noise are drawn.
"""
