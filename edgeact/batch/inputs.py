"""Which inputs a batch has: what its patterns name, without what edgeact itself wrote."""

import os
from collections.abc import Sequence
from pathlib import Path

from edgeact.batch.messages import InputResult
from edgeact.batch.names import is_output
from edgeact.capture.inputs import find_inputs
from edgeact.errors import ArgumentTypeError, EdgeactError, SourceNotFoundError, UsageError


def check_types(inputs: object) -> None:
    """Refuse what is no list of strings.

    Raises:
        ArgumentTypeError: ``inputs`` is one string or path, of which every letter would be an input, or holds something
            else than strings.
    """
    if isinstance(inputs, (str, bytes, os.PathLike)):
        raise ArgumentTypeError(
            f"inputs is {inputs!r}, not a list; give [{os.fsdecode(inputs)!r}], also for a single input"
        )
    if not isinstance(inputs, Sequence):
        raise ArgumentTypeError(f"inputs is of type {type(inputs).__name__}; give a list of strings")
    for item in inputs:
        if not isinstance(item, str):
            raise ArgumentTypeError(
                f"inputs holds {item!r} of type {type(item).__name__}; give strings, such as str(path)"
            )


def find_batch_inputs(patterns: Sequence[str], out_dir: Path) -> tuple[list[Path], list[InputResult]]:
    """Find the files and folders that are to be done.

    Args:
        patterns: Files, globs, folders of videos or folders of images.
        out_dir: Where results go.

    Returns:
        Each input once, in the order of the patterns; and what failed already, because it is not there or cannot be an
        input.
    """
    paths: dict[Path, Path] = {}  # by resolved path: an input that two patterns name is done once
    failed: list[InputResult] = []
    written: list[Path] = []
    for pattern in patterns:
        try:
            for path in find_inputs([pattern]):
                _check_input(path, out_dir)
                if is_output(
                    path
                ):  # a pattern, or the shell, that also matches what an earlier run wrote does not mean it
                    written.append(path)
                else:
                    paths.setdefault(path.resolve(), path)
        except EdgeactError as error:
            failed.append(InputResult(Path(_printable(pattern)), "failed", error=error))
    if written and not paths and not failed:
        own = SourceNotFoundError(
            f"{', '.join(patterns)}: only files that edgeact wrote itself; name the original videos"
        )
        failed.append(InputResult(written[0], "failed", error=own))
    return list(paths.values()), failed


def _check_input(path: Path, out_dir: Path) -> None:
    """Refuse what would end badly much later."""
    if path.is_dir() and path.resolve() == out_dir.resolve():
        raise UsageError(f"{path} holds the images and is where results would go; choose another folder for --out")
    if str(path) != _printable(str(path)):
        raise SourceNotFoundError(
            f"{_printable(str(path))}: its name is no UTF-8, which no result could carry; rename it"
        )


def _printable(name: str) -> str:
    """A file name with what is no UTF-8 in it as escapes."""
    return name.encode("utf-8", errors="backslashreplace").decode()
