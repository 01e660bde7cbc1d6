import sys

import psutil
import pytest

from edgeact import free_memory
from edgeact.free_memory import give_back

_BLOCK = 64 * 1024  # glibc takes larger ones from the system one by one, and gives them back


def test_holes_between_what_stays_are_given_back() -> None:
    blocks = [bytes([1]) * _BLOCK for _ in range(2000)]
    stays = blocks[::50]
    blocks.clear()
    before = psutil.Process().memory_info().rss
    give_back()
    assert before - psutil.Process().memory_info().rss > 50e6
    assert all(block[-1] == 1 for block in stays)


def test_a_system_without_it_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    free_memory._trim.cache_clear()
    monkeypatch.setattr(sys, "platform", "win32")
    give_back()
    free_memory._trim.cache_clear()
