"""The ledger: accuracy and speed of every run, by commit, in one SQLite file; ``gradassay history`` reads it."""
