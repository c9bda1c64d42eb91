"""Generator and critic pairs, as pure functional flax modules."""
