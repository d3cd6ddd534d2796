"""Why an implementation is off: conditions that separate, relations to the truth, broken laws, minimal examples.

All of it is paid for by what fails: a row in which everything agrees never comes here.
"""
