from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from edgeact.daemon import outbox as outbox_module
from edgeact.daemon.check import check_daemon
from edgeact.daemon.event_store import EventStore
from edgeact.daemon.outbox import Outbox
from edgeact.daemon.webhook import Webhook
from edgeact.errors import OutputError
from tests.edgeact.daemon.test_event_store import RECORD
from tests.edgeact.daemon.test_read_config import SMALLEST, faults, read
from tests.edgeact.daemon.test_run import configuration
from tests.servers.free_port import free_port
from tests.servers.guard import TOKEN, Guard
from tests.servers.patience import wait_until
from tests.toy_video import write_toy_video


@pytest.fixture
def guard() -> Iterator[Guard]:
    one = Guard()
    yield one
    one.close()


def test_an_event_is_a_post_of_json_with_the_token_over_one_connection(guard: Guard) -> None:
    hook = Webhook("guard", guard.url, token=TOKEN)
    hook.deliver(RECORD.as_json())
    hook.deliver(RECORD.as_json())
    hook.close()
    assert guard.got == [RECORD.as_json()] * 2
    assert guard.headers[0]["Authorization"] == f"Bearer {TOKEN}"
    assert guard.headers[0]["Content-Type"] == "application/json"
    assert guard.connections == 1


@pytest.mark.parametrize(
    ("status", "words"),
    [(401, "answers 401; check its token"), (302, "redirects are not followed"), (503, "answers 503"), (404, "404")],
)
def test_what_may_pass_is_an_error_without_secrets(guard: Guard, status: int, words: str) -> None:
    guard.answers = [status]
    hook = Webhook("guard", guard.url, token=TOKEN)
    with pytest.raises(OutputError, match=words) as caught:
        hook.deliver(RECORD.as_json())
    assert TOKEN not in str(caught.value)
    hook.deliver(RECORD.as_json())
    hook.close()
    assert len(guard.got) == 1


def test_what_the_server_will_never_take_is_left_out(guard: Guard) -> None:
    guard.answers = [422]
    hook = Webhook("guard", guard.url)
    hook.deliver(RECORD.as_json())
    hook.deliver(RECORD.as_json())
    hook.close()
    assert hook.refused == 1
    assert len(guard.got) == 1


def test_a_server_that_is_down_and_comes_back_gets_everything_once_and_in_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox_module, "FIRST_RETRY_SECONDS", 0.02)
    guard = Guard()
    hook = Webhook("guard", guard.url)
    store = EventStore(tmp_path / "events.db")
    outbox = Outbox(store, "webhook.guard", hook.deliver)
    outbox.start()
    store.save(replace(RECORD, id="0"), ["webhook.guard"])
    wait_until(lambda: outbox.sent == 1)
    guard.close()
    hook.close()  # a server that is gone takes its connections with it
    for number in range(1, 4):
        store.save(replace(RECORD, id=str(number)), ["webhook.guard"])
    wait_until(lambda: outbox.error is not None)
    again = Guard(guard.port)
    again.answers = [503]
    wait_until(lambda: outbox.sent == 4)
    outbox.stop(10.0)
    assert [record["id"] for record in again.got] == ["1", "2", "3"]
    assert store.count_waiting("webhook.guard") == 0
    store.close()
    again.close()


def test_a_check_connects_and_sends_nothing(tmp_path: Path, tiny_bundle: Path, guard: Guard) -> None:
    closed = free_port()
    clip = write_toy_video(tmp_path / "clip.mp4", seconds=0.2)
    hooks = {"guard": {"url": guard.url}, "closed": {"url": f"http://127.0.0.1:{closed}/{TOKEN}?token={TOKEN}"}}
    config = configuration(tmp_path, tiny_bundle, {"file": {"url": str(clip)}}, webhook=hooks)
    found = {check.name: check for check in check_daemon(config)}
    assert found["webhook guard"].state == "ok"
    assert guard.got == []
    assert found["webhook closed"].state == "fail"
    assert found["webhook closed"].remedy.startswith("check the address")
    assert TOKEN not in found["webhook closed"].found


def test_faults_of_a_webhook_are_told_and_its_name_is_an_output(tmp_path: Path) -> None:
    found = faults(
        tmp_path, SMALLEST + f'[webhook.one]\nurl = "ftp://h/"\n[webhook.two]\nurl = "http://u:{TOKEN}@h/"\n'
    )
    assert "no address of a server" in found["webhook.one.url"]
    assert "use token" in found["webhook.two.url"]
    config = read(tmp_path, SMALLEST + '[webhook.one]\nurl = "http://h/"\n[events]\nthen = ["webhook.one"]\n')
    assert config.outputs == ("webhook.one",)
    assert config.outputs_of(None) == ("webhook.one",)
