"""Fixtures for the tests of the daemon."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from edgeact.daemon.event_store import EventStore


@pytest.fixture
def store(tmp_path: Path) -> Iterator[EventStore]:
    """An empty store of events."""
    store = EventStore(tmp_path / "events.db")
    yield store
    store.close()
