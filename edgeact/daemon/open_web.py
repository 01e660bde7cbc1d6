"""Opens the daemon's pages as the configuration asks for them, where the extra ``daemon`` is installed."""

from typing import TYPE_CHECKING

from edgeact.daemon.config import HttpConfig
from edgeact.errors import MissingExtraError

if TYPE_CHECKING:
    from edgeact.daemon.standing import Standing
    from edgeact.daemon.web_server import WebServer


def open_web(config: HttpConfig, standing: "Standing") -> "WebServer":
    """Make the web server: its address is taken already, and it answers once it is started.

    Args:
        config: Its settings.
        standing: What it tells.

    Raises:
        MissingExtraError: The extra is not installed.
        OutputError: The address cannot be had.
    """
    try:
        from edgeact.daemon.web_app import make_app
        from edgeact.daemon.web_server import WebServer, bind
    except ImportError as error:
        raise _missing(error) from error
    token = None if config.token is None else config.token.get_secret_value()
    return WebServer(make_app(standing, token), bind(*config.address))


def probe_web(config: HttpConfig) -> None:
    """Check that the address of the pages is free.

    Args:
        config: Its settings.

    Raises:
        MissingExtraError: The extra is not installed.
        OutputError: The address cannot be had.
    """
    try:
        import edgeact.daemon.web_app  # noqa: F401 - whether it can be
        from edgeact.daemon.web_server import bind
    except ImportError as error:
        raise _missing(error) from error
    bind(*config.address).close()


def _missing(error: ImportError) -> MissingExtraError:
    return MissingExtraError(f'http needs the extra daemon ({error.name}): pip install "edgeact[daemon]"')
