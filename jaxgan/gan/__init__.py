"""The algorithm: everything that runs in one training step, and what builds it.

Read `problem` (configuration + networks) and `state` first, then `step` (one
iteration) and `updates` (its critic and generator updates). `objective` puts
together `losses`, `points` (at which points the gradient is penalized),
`penalty` (how) and `controller` (with which weight). `networks` is the only
file here that knows flax modules; `hyper` holds the scalars that may differ
between the runs of one program, which `vmapped` trains. `generator` turns
trained weights into samples.
"""
