"""Certified truth and the error budget: a definition evaluated in ball arithmetic on a reverse-mode tape.

``taped`` makes NumPy call us, ``functions`` says what each NumPy function is made of, ``operations`` what that means
and how it is pulled back, ``tape`` walks back through it, ``midrad`` and ``arblib`` are the two arithmetics, ``truth``
climbs from one to the next until it can decide.
"""

from comparators.exact.truth import Exact, Vjp

__all__ = ["Exact", "Vjp"]
