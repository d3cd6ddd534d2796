"""Hand-written NumPy rules with their definitions: one file a family."""
