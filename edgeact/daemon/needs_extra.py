"""The error of a section of the configuration whose packages are not installed."""

import contextlib
from collections.abc import Iterator

from edgeact.errors import MissingExtraError


@contextlib.contextmanager
def needs_extra(section: str) -> Iterator[None]:
    """Import modules that need the extra ``daemon``; one that is missing is an error that says how to install it.

    Args:
        section: Of the configuration, which asks for them.

    Raises:
        MissingExtraError: A package of the extra is not installed.
    """
    try:
        yield
    except ImportError as error:
        message = f'{section} needs the extra daemon ({error.name}): pip install "edgeact[daemon]"'
        raise MissingExtraError(message) from error
