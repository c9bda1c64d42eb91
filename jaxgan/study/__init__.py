"""Arms x seeds x data sets: does one way of training fit faster than another."""
