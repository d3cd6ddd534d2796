"""A discrepancy again: the last run remembered, an example replayed, and a script that needs no Gradassay."""
