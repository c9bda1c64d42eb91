"""Images from tfds, as arrays on the host and batches on the devices."""
