"""Opens the connection to an MQTT broker as the configuration asks for it, where the extra ``daemon`` is installed."""

from typing import TYPE_CHECKING

from edgeact.daemon.config import DaemonConfig, MqttConfig
from edgeact.daemon.media_folder import MediaFolder
from edgeact.daemon.needs_extra import needs_extra

if TYPE_CHECKING:
    from edgeact.daemon.mqtt import MqttOutput


def open_mqtt(settings: MqttConfig, config: DaemonConfig, folder: MediaFolder) -> "MqttOutput":
    """Make the daemon's MQTT client; it connects once it is started.

    Args:
        settings: Where the broker is.
        config: With the cameras and rules.
        folder: With the pictures of events.

    Raises:
        MissingExtraError: The extra is not installed.
        OutputError: The certificates cannot be read.
    """
    with needs_extra("mqtt"):
        from edgeact.daemon.mqtt import MqttOutput
    return MqttOutput(settings, config, folder)


def probe_mqtt(settings: MqttConfig) -> None:
    """Check that the broker accepts the daemon's login and subscriptions; nothing is published.

    Args:
        settings: Where the broker is.

    Raises:
        MissingExtraError: The extra is not installed.
        OutputError: It cannot be reached, or refuses.
    """
    with needs_extra("mqtt"):
        from edgeact.daemon.mqtt import probe_broker
    probe_broker(settings)
