"""User names and passwords of streams: in the system's keyring, or nowhere.

What is kept is the whole address under the text that may be shown of it. Without a keyring nothing is kept; nothing is
ever shown again.
"""

import logging
from urllib.parse import quote

from edgeact.capture.address import is_address, shown_name
from edgeact.errors import UsageError

logger = logging.getLogger(__name__)

SERVICE = "edgeact"


def has_secret(name: str) -> bool:
    """Whether something of an address may not be shown."""
    return is_address(name) and shown_name(name) != name


def with_login(address: str, user: str, password: str) -> str:
    """An address with a user name and a password in it, instead of those that it has.

    Raises:
        UsageError: It is no address.
    """
    scheme, separator, rest = address.partition("://")
    if not separator:
        raise UsageError(f"{address} is no address, and takes no user name; an address looks like rtsp://192.0.2.7/a")
    end = min((place for place in (rest.find("/"), rest.find("?")) if place >= 0), default=len(rest))
    host = rest[:end].rpartition("@")[2]
    if not user:
        return f"{scheme}://{host}{rest[end:]}"
    login = quote(user, safe="") + (f":{quote(password, safe='')}" if password else "")
    return f"{scheme}://{login}@{host}{rest[end:]}"


def is_keyring_there() -> bool:
    """Whether the system has a keyring that can keep something; may take a moment."""
    import keyring
    import keyring.errors

    try:
        return keyring.get_keyring().priority > 0
    except (RuntimeError, keyring.errors.KeyringError):
        return False


def remember(name: str) -> bool:
    """Keep an address with its secrets; whether it was kept. May wait for the user to unlock the keyring."""
    import keyring
    import keyring.errors

    if not has_secret(name) or not is_keyring_there():
        return False
    try:
        keyring.set_password(SERVICE, shown_name(name), name)
    except keyring.errors.KeyringError as error:
        logger.warning("the keyring keeps nothing: %s", type(error).__name__)  # its text may hold what was to be kept
        return False
    return True


def recall(shown: str) -> str | None:
    """The address whose shown text is this; None where none is kept."""
    import keyring
    import keyring.errors

    try:
        return keyring.get_password(SERVICE, shown)
    except (RuntimeError, keyring.errors.KeyringError):
        return None


def forget(shown: str) -> None:
    """Remove a kept address from the keyring; nothing happens where there is none."""
    import keyring
    import keyring.errors

    try:
        keyring.delete_password(SERVICE, shown)
    except (RuntimeError, keyring.errors.KeyringError):
        return
