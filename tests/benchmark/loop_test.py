"""Windows of the loop are compared with the bare steps around them."""

from jaxgan.benchmark import loop


def test_a_window_is_compared_with_the_steps_around_it():
  windows = loop._Windows(lambda: {}, 2)
  windows.loop, windows.step = [3.0, 1.0], [1.0, 2.0, 0.5]
  assert windows.ratios() == [2.0, 0.8]
