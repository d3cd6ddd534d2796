"""Certified truth and the error budget: a definition evaluated in ball arithmetic on a reverse-mode tape.

``tape`` makes NumPy call us, ``operations`` says what each NumPy function means and how it is pulled back,
``midrad`` and ``arblib`` are the two arithmetics, ``truth`` climbs from one to the next until it can decide.
"""

from comparators.exact.truth import Exact, Vjp

__all__ = ["Exact", "Vjp"]
