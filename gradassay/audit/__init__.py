"""The audit: known defects and correct rules before Gradassay, and before every other checker of gradients."""
