"""The command line: `app` lists the verbs, which have a file each; `program` runs it."""

from edgeact.cli.program import main

__all__ = ["main"]
