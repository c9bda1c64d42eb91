"""Arms x seeds x tasks: does one way of training fit faster than another."""
