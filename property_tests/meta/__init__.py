"""The harness held against itself: planted bugs have to be found, correct rules have to pass."""
