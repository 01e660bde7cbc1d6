"""What can go wrong, as a family: every error is an `EdgeactError` and also the builtin that fits it.

The message is one line that names the offending value and the remedy. Each family has an exit code of its own,
which the command line returns; a batch returns `PARTIAL_EXIT_CODE` when some of its inputs failed.
"""

from collections.abc import Mapping
from pathlib import Path

from edgeact.plain_text import printable

PARTIAL_EXIT_CODE = 3  # a batch finished, but not every input could be done
INTERRUPTED_EXIT_CODE = 130  # the shell's convention for Ctrl-C: 128 + SIGINT; also after SIGTERM and SIGHUP


OWN_FAULT = "this is a fault of edgeact; edgeact --debug … shows where"


class EdgeactError(Exception):
    """Base of everything that edgeact raises on purpose."""

    exit_code = 1

    def __str__(self) -> str:
        """The message, free of control characters: names of files and labels in it are the words of others."""
        return printable(super().__str__())


class UsageError(EdgeactError, ValueError):
    """An option or argument has a value that cannot be used."""

    exit_code = 2


class ArgumentTypeError(UsageError, TypeError):
    """A Python caller gave a value of a type that would be misunderstood."""


class BatchError(EdgeactError, RuntimeError):
    """A batch finished, but some of its inputs failed; the others are done.

    Attributes:
        failures: Why each of them failed, by its path.
    """

    exit_code = PARTIAL_EXIT_CODE

    def __init__(self, message: str, failures: Mapping[Path, EdgeactError]) -> None:
        super().__init__(message)
        self.failures = failures


class MissingExtraError(EdgeactError, ImportError):
    """A command needs packages of an extra that is not installed; the message says how to install it."""

    exit_code = 4


class SourceNotFoundError(EdgeactError, FileNotFoundError):
    """An input path, or media inside an input folder, does not exist."""

    exit_code = 10


class SourceFormatError(EdgeactError, ValueError):
    """A file exists but is no video or image that can be decoded (empty, audio only, damaged from the start)."""

    exit_code = 11


class SourceTruncatedError(EdgeactError, ValueError):
    """A video broke off before its announced end; what was decoded has been kept. Only raised on request
    (``--strict``).
    """

    exit_code = 12


class OutputError(EdgeactError, OSError):
    """A result cannot be written: unwritable folder, full disk."""

    exit_code = 13


class BundleError(EdgeactError, ValueError):
    """A bundle's manifest or files are not what they should be."""

    exit_code = 14


class BundleIntegrityError(BundleError):
    """A bundle's file is missing or does not have the hash that the manifest states."""

    exit_code = 15


class BundleSchemaError(BundleError):
    """A bundle was written for another version of edgeact."""

    exit_code = 16


class BackendError(EdgeactError, RuntimeError):
    """A graph cannot be executed as asked, for example because a device's execution provider is missing."""

    exit_code = 17


class ConfigError(EdgeactError, ValueError):
    """A configuration has unknown keys or unusable values; the message lists all of them."""

    exit_code = 18


class PipelineError(EdgeactError, RuntimeError):
    """A stage of the pipeline failed in a way that is no fault of the input; the cause is chained."""

    exit_code = 19


class SourceConnectionError(EdgeactError, ConnectionError):
    """A camera or stream gives no frames: it cannot be reached, refuses, or sends what cannot be decoded."""

    exit_code = 20


class CheckpointError(EdgeactError, ValueError):
    """A training's checkpoint is damaged, or belongs to another network or optimiser."""

    exit_code = 21


class DivergenceError(EdgeactError, FloatingPointError):
    """A training's loss or gradient is no longer a finite number."""

    exit_code = 22


def remedy_for(error: BaseException) -> str:
    """What helps against an error that is not of this family: only what nothing else explains is a fault of edgeact."""
    if isinstance(error, MemoryError):
        return "there is not enough memory: close other programs, or lower memory_megabytes in the settings"
    if isinstance(error, OSError):
        return "check the disks and devices that are used, and what is free of them"
    return OWN_FAULT
