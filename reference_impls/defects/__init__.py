"""Rules that are wrong on purpose: what a checker of gradients has to find."""
