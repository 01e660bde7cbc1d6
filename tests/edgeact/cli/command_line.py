"""Runs the command line within the test."""

import pytest

from edgeact.cli import main


def run_main(*arguments: str) -> int:
    """The exit code."""
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    code = stopped.value.code
    assert isinstance(code, int)
    return code
