"""Opens the daemon's pages as the configuration asks for them, where the extra ``daemon`` is installed."""

from typing import TYPE_CHECKING

from edgeact.daemon.config import HttpConfig
from edgeact.daemon.needs_extra import needs_extra

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
    with needs_extra("http"):
        from edgeact.daemon.web_app import make_app
        from edgeact.daemon.web_server import WebServer, bind
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
    with needs_extra("http"):
        import edgeact.daemon.web_app  # noqa: F401 - whether it can be
        from edgeact.daemon.web_server import bind
    bind(*config.address).close()
