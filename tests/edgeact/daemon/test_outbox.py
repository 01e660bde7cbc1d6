from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from edgeact.daemon import outbox as outbox_module
from edgeact.daemon.event_store import EventStore
from edgeact.daemon.outbox import Outbox
from edgeact.errors import OutputError
from tests.edgeact.daemon.test_event_store import RECORD
from tests.servers.patience import wait_until


class Receiver:
    """Takes events, but not while it is down."""

    def __init__(self) -> None:
        self.is_down = False
        self.got: list[str] = []

    def __call__(self, record: Mapping[str, Any]) -> None:
        if self.is_down:
            raise OutputError("the receiver is down; start it")
        self.got.append(str(record["id"]))


def test_events_are_delivered_in_order_and_once_while_all_is_well(store: EventStore) -> None:
    receiver = Receiver()
    for number in range(3):
        store.save(replace(RECORD, id=str(number)), ["mqtt"])
    outbox = Outbox(store, "mqtt", receiver)
    outbox.start()
    wait_until(lambda: outbox.sent == 3)
    store.save(replace(RECORD, id="3"), ["mqtt", "other"])
    wait_until(lambda: outbox.sent == 4)
    outbox.stop(5.0)
    assert receiver.got == ["0", "1", "2", "3"]
    assert store.count_waiting("mqtt") == 0
    assert store.count_waiting("other") == 1


def test_a_receiver_that_was_down_gets_everything(store: EventStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox_module, "FIRST_RETRY_SECONDS", 0.02)
    receiver = Receiver()
    receiver.is_down = True
    store.save(RECORD, ["mqtt"])
    outbox = Outbox(store, "mqtt", receiver)
    outbox.start()
    wait_until(lambda: outbox.error is not None)
    assert outbox.error == "the receiver is down; start it"
    receiver.is_down = False
    wait_until(lambda: outbox.sent == 1)
    wait_until(lambda: outbox.error is None)
    outbox.stop(5.0)


def test_a_receiver_with_a_fault_of_its_own_is_tried_again(store: EventStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox_module, "FIRST_RETRY_SECONDS", 0.02)
    calls: list[str] = []

    def deliver(record: Mapping[str, Any]) -> None:
        calls.append(record["id"])
        if len(calls) == 1:
            raise ValueError("a fault")

    store.save(RECORD, ["mqtt"])
    outbox = Outbox(store, "mqtt", deliver)
    outbox.start()
    wait_until(lambda: outbox.sent == 1)
    outbox.stop(5.0)
    assert calls == ["01A", "01A"]


def test_a_stop_delivers_what_waits(store: EventStore) -> None:
    receiver = Receiver()
    for number in range(250):  # more than are taken at once
        store.save(replace(RECORD, id=str(number)), ["mqtt"])
    outbox = Outbox(store, "mqtt", receiver)
    outbox.start()
    outbox.stop(20.0)
    assert len(receiver.got) == 250
