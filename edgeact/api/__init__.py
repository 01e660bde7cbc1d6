"""The functions behind ``edgeact.annotate``, ``edgeact.watch`` and ``edgeact.Pipeline``: one a file."""
