"""Discrepancies with the verdict and the cause that they have to get."""
