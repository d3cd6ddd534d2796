"""The errors that are the caller's to mend; the command line turns each into one line and exit code 4."""


class UsageError(ValueError):
    """Input that cannot be used: names the thing, the value and the remedy."""


class UnsupportedFunctionError(UsageError):
    """A definition used a NumPy function that the ``exact`` comparator does not know."""
