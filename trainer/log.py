"""What a training says while it runs: one JSON object a line, for people and tools alike."""

import json
import sys


def log(**values: object) -> None:
    """Write one line at once, so that whoever follows the output sees it."""
    sys.stdout.write(json.dumps(values) + "\n")
    sys.stdout.flush()
