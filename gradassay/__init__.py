"""Gradassay: how true is a gradient? Certified truth, an error budget that nobody picks, a verdict."""
