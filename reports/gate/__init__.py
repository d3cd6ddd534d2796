"""What was approved, and a run held against it. Imports nothing, as the command line asks for the folder."""

#: Where the approved state is kept unless said otherwise.
FOLDER = "reports"
