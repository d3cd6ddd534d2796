"""Laws of the ``exact`` comparator: its arithmetics, its tape, its truths and its budget."""
