import subprocess
from pathlib import Path

import pytest

from edgeact.daemon import mqtt_connection
from edgeact.daemon.config import MqttConfig
from edgeact.daemon.mqtt import probe_broker
from edgeact.errors import OutputError
from tests.servers.free_port import free_port
from tests.servers.mosquitto import Mosquitto

pytestmark = pytest.mark.mqtt
SECRET = "hunter2"  # noqa: S105 - of the test's own broker


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mqtt_connection, "FIRST_RETRY_SECONDS", 0.05)


def broker_config(port: int, **more: object) -> MqttConfig:
    return MqttConfig.model_validate({"port": port, **more})


def problem(config: MqttConfig) -> str:
    with pytest.raises(OutputError) as caught:
        probe_broker(config)
    assert SECRET not in str(caught.value)
    return str(caught.value)


def make_certificate(folder: Path, name: str) -> tuple[Path, Path]:
    """A certificate of this machine and its key."""
    certificate, key = folder / f"{name}.pem", folder / f"{name}.key"
    kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
    holder = ["-subj", f"/CN={name}", "-addext", "subjectAltName=IP:127.0.0.1"]
    files = ["-keyout", str(key), "-out", str(certificate)]
    subprocess.run(["openssl", "req", "-x509", *kind, *holder, *files], check=True, capture_output=True)
    return certificate, key


def test_a_broker_that_is_not_there_is_told_with_the_reason() -> None:
    port = free_port()
    assert problem(broker_config(port)) == (
        f"127.0.0.1:{port}: the connection is refused; check host and port, and whether the broker runs"
    )
    unknown = MqttConfig(host="broker.invalid", user="viewer")
    assert problem(unknown) == "broker.invalid:1883: there is no such host; check host"


def test_user_and_password_are_checked(tmp_path: Path) -> None:
    with Mosquitto(tmp_path, user="edge", password=SECRET) as broker:
        probe_broker(broker_config(broker.port, user="edge", password=SECRET))
        for more in ({}, {"user": "edge", "password": f"{SECRET}no"}, {"user": "nobody"}):
            assert "refuses user name or password; check user" in problem(broker_config(broker.port, **more))


def test_a_certificate_is_checked_and_plain_and_encrypted_ports_are_told_apart(tmp_path: Path) -> None:
    certificate, key = make_certificate(tmp_path, "broker")
    with Mosquitto(tmp_path, certificate=certificate, key=key) as broker:
        probe_broker(broker_config(broker.port, tls_ca=str(certificate)))
        assert "its certificate is not trusted (self-signed certificate)" in problem(
            broker_config(broker.port, tls=True)
        )
        assert "does it speak TLS? Then set tls = true" in problem(broker_config(broker.port))
    (tmp_path / "plain").mkdir()
    with Mosquitto(tmp_path / "plain") as broker:
        assert "TLS" in problem(broker_config(broker.port, tls=True))
    assert "cannot be read as certificates" in problem(broker_config(1, tls_ca=str(key)))


def test_a_broker_that_does_not_let_us_listen_is_told(tmp_path: Path) -> None:
    with Mosquitto(tmp_path, lets_listen=False) as broker:
        assert "does not let us listen to edgeact/+/set/+; allow it" in problem(broker_config(broker.port))
        probe_broker(broker_config(broker.port, control=False))
