"""The command line. Nothing heavier than click is imported before a command needs it."""

from gradassay.cli.app import main

__all__ = ["main"]
