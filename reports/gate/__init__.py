"""What was approved, and a run held against it."""
