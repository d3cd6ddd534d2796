"""What says how the answer should be: certified truth, finite differences, other libraries."""
