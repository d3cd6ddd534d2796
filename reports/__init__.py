"""Reporters: each a pure function of a finished run."""
