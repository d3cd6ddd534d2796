"""The speed gate: two revisions of the rules in one process, and a test that does not cry wolf."""
