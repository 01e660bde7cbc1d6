"""Decoder and encoder take what the budget of memory leaves them."""

from pathlib import Path

import pytest

from edgeact.capture.open import open_source
from edgeact.media import encoder
from edgeact.memory import DEFAULT_MEMORY, MEGABYTE
from tests.toy_video import write_toy_video


@pytest.mark.parametrize(("memory", "threads"), [(DEFAULT_MEMORY, 4), (1 * MEGABYTE, 1)])
def test_the_decoder_has_as_many_threads_as_memory_allows(
    memory: int, threads: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 16)
    path = write_toy_video(tmp_path / "a.mp4", seconds=0.2, size=(320, 240))
    with open_source(path, memory=memory) as source:
        assert source._container.streams.video[0].thread_count == threads  # type: ignore[union-attr]


def test_the_encoder_looks_ahead_as_far_as_memory_allows() -> None:
    assert encoder._options(1280, 720, DEFAULT_MEMORY)["x264-params"].endswith(":mbtree=1:rc-lookahead=10")
    assert ":rc-lookahead=0:" in encoder._options(7680, 4320, DEFAULT_MEMORY)["x264-params"]
