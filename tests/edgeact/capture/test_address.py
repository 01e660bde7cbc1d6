from urllib.parse import quote, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeact.capture.address import HIDDEN, fill_in, parse_address, redact, shown_name
from edgeact.capture.faults import FaultKind, SourceFaultError, fault_of
from edgeact.capture.open import open_source
from edgeact.errors import UsageError

# Rare letters, so that a password is no part of a host or of our own words by chance.
PASSWORDS = st.text(alphabet="QXZ@/#%:?&=", min_size=1, max_size=12).filter(lambda text: any(c in "QXZ" for c in text))
SCHEMES = st.sampled_from(["rtsp", "rtsps", "http", "https", "rtmp", "srt"])


def pieces(password: str) -> list[str]:
    """What of a password must not be seen: every run of its letters."""
    return [piece for piece in "".join(c if c in "QXZ" else " " for c in password).split() if piece]


@settings(deadline=None)
@given(scheme=SCHEMES, password=PASSWORDS, path=st.sampled_from(["", "/", "/stream", "/a/b?channel=1", "/x@y"]))
def test_nothing_that_is_shown_holds_a_part_of_the_password(scheme: str, password: str, path: str) -> None:
    for written in (password, quote(password, safe="")):
        text = f"{scheme}://viewer:{written}@192.0.2.7:554{path}"
        seen = [shown_name(text)]
        try:
            address = parse_address(text)
        except UsageError as error:
            seen += [str(error), repr(error)]
        else:
            fault = SourceFaultError(address.shown, FaultKind.AUTH, "no")
            library = OSError(5, "Input/output error", address.secret)
            unsure = fault_of(library, name=address.shown, waited=0.0, timeout=1.0, encrypted=True)
            seen += [address.shown, repr(address), str(fault), repr(fault), str(unsure), repr(unsure), address.path]
            seen += [address.redact(f"Did you mean file:{address.secret}?"), address.redact(text)]
        seen.append(redact(f"method DESCRIBE of {scheme}://viewer:{quote(password, safe='')}@192.0.2.7/ failed"))
        for shown in seen:
            assert not [piece for piece in pieces(password) if piece in shown], shown


@settings(deadline=None)
@given(password=PASSWORDS, path=st.sampled_from(["", "/", "/stream?channel=1"]))
def test_an_encoded_password_reaches_the_server_as_it_is(password: str, path: str) -> None:
    address = parse_address(f"rtsp://viewer:{quote(password, safe='')}@192.0.2.7:554{path}")
    parts = urlsplit(address.secret)
    assert parts.hostname == "192.0.2.7"
    assert parts.port == 554
    assert parts.password == quote(password, safe="")
    assert address.shown == f"rtsp://{HIDDEN}@192.0.2.7:554{path}"


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("rtsp://u:p@ss@h/a", "rtsp://u:p%40ss@h/a"),
        ("rtsp://u:p#w@h/a", "rtsp://u:p%23w@h/a"),
        ("rtsp://u:pa/ss@h/a", "rtsp://u:pa%2Fss@h/a"),
        ("rtsp://u:p:w@h:554/a", "rtsp://u:p%3Aw@h:554/a"),
        ("rtsp://u:100%@h", "rtsp://u:100%25@h"),
        ("RTSP://u:p%40w@[2001:db8::7]:554/a", "rtsp://u:p%40w@[2001:db8::7]:554/a"),
        ("rtsp://h/a@b", "rtsp://h/a@b"),
        ("rtsp://[2001:db8::7]/a@b", "rtsp://[2001:db8::7]/a@b"),
        ("srt://:9000?passphrase=x", "srt://:9000?passphrase=x"),
        (" rtsp://h ", "rtsp://h"),
    ],
)
def test_a_password_may_be_written_as_it_is(text: str, secret: str) -> None:
    assert parse_address(text).secret == secret


@pytest.mark.parametrize(
    "text", ["rtsp://u:p@h/x@y", "rtsp://u:1/2@h/a", "rtsp://h:554/x@y", "rtsp://u:a/b@c/d@h/a", "http://u:a@b/c@h"]
)
def test_an_address_of_two_readings_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match=r"^(rtsp|http)://… can be read in two ways, .*%40 and %2F") as caught:
        open_source(text)
    assert "@h" not in str(caught.value)
    assert shown_name(text).endswith("://…")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("http://h/x?user=admin&password=q&channel=1", f"http://h/x?user={HIDDEN}&password={HIDDEN}&channel=1"),
        ("rtsp://h/user=admin_password=tlJwpbo6_channel=1.sdp", f"rtsp://h/user={HIDDEN}"),
        ("rtsp://h/a?Token=abc#pwd=d", f"rtsp://h/a?Token={HIDDEN}#pwd={HIDDEN}"),
        ("rtsp://h/\x1b[2J", r"rtsp://h/\x1b[2J"),
    ],
)
def test_secrets_of_the_path_are_hidden(text: str, shown: str) -> None:
    assert parse_address(text).shown == shown == shown_name(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [("ftp://u:p@h/a", "ftp://… is of no kind"), ("rtsp://", "rtsp://… has no host"), ("rtsp://u:p@", "has no host")],
)
def test_what_is_no_address_is_refused(text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        parse_address(text)


def test_names_without_a_scheme_are_hidden_too() -> None:
    assert shown_name("admin:hunter2@192.0.2.7/stream") == f"{HIDDEN}@192.0.2.7/stream"
    assert shown_name("clip:1.mp4") == "clip:1.mp4"
    assert shown_name("gopher://admin:hunter2@192.0.2.7") == "gopher://…"


def test_variables_of_the_environment_stand_for_secrets() -> None:
    variables = {"LOGIN": "viewer:p@ss"}
    assert parse_address(fill_in("rtsp://${LOGIN}@h/a", variables)).secret == "rtsp://viewer:p%40ss@h/a"  # noqa: S105
    assert fill_in("${LOGIN}.mp4", variables) == "${LOGIN}.mp4"
    with pytest.raises(UsageError, match="no environment variable OTHER"):
        fill_in("rtsp://${OTHER}@h/a", variables)
