"""Named alternatives to the catalogue's definitions, one file a family: what others mean, and known mistakes.

Each is a change of a definition, so that two can be applied one after the other, with a source. ``accepted=False``
marks what nobody means: it is matched like the others, and its verdict stays what it was.
"""
