from collections.abc import Iterator

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.backends.fail import Keyring as NoKeyring

from desktop_ui.model.credentials import forget, has_secret, is_keyring_there, recall, remember, with_login
from edgeact.capture.address import parse_address, shown_name
from edgeact.errors import UsageError

ADDRESS = "rtsp://me:p%40ss@192.0.2.7:8554/stream"


class InMemory(KeyringBackend):
    """A keyring that forgets with the process."""

    priority = 1.0  # type: ignore[assignment]

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.kept[service, username]


@pytest.fixture
def ring() -> Iterator[InMemory]:
    before = keyring.get_keyring()
    ring = InMemory()
    keyring.set_keyring(ring)
    yield ring
    keyring.set_keyring(before)


def test_an_address_is_kept_under_what_may_be_shown_of_it(ring: InMemory) -> None:
    assert remember(ADDRESS)
    assert list(ring.kept) == [("edgeact", "rtsp://***@192.0.2.7:8554/stream")]
    assert recall(shown_name(ADDRESS)) == ADDRESS
    forget(shown_name(ADDRESS))
    assert recall(shown_name(ADDRESS)) is None


def test_what_holds_no_secret_and_what_no_keyring_takes_is_not_kept(ring: InMemory) -> None:
    assert not remember("rtsp://192.0.2.7/stream")
    assert ring.kept == {}
    keyring.set_keyring(NoKeyring())
    assert not is_keyring_there()
    assert not remember(ADDRESS)
    assert recall(shown_name(ADDRESS)) is None


@pytest.mark.parametrize("password", ["plain", "a@b/c#d%e:f", ""])
def test_a_login_is_put_into_an_address_as_the_runtime_reads_it(password: str) -> None:
    address = with_login("rtsp://old:secret@192.0.2.7:8554/stream?user=x", "me", password)
    parsed = parse_address(address)
    assert parsed.host == "192.0.2.7"
    assert parsed.secret == address
    assert has_secret(address)
    assert with_login(address, "", "") == "rtsp://192.0.2.7:8554/stream?user=x"
    with pytest.raises(UsageError, match="no address"):
        with_login("0", "me", password)
