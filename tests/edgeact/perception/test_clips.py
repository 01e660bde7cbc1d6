"""Streaming equals whole-clip: what the ring buffer gives is what sampling the whole recording gives."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeact.bundle.manifest import ClipSpec
from edgeact.perception.clips import ClipBuffer, sample_clip

CLIP = ClipSpec(length=8, stride_seconds=0.1)


@given(
    steps=st.lists(st.floats(0.007, 0.3), min_size=2, max_size=60),
    seed=st.integers(0, 1000),
)
def test_the_streamed_clip_is_the_clip_of_the_whole_recording(steps: list[float], seed: int) -> None:
    times = np.cumsum(steps)
    features = np.random.default_rng(seed).normal(size=(len(times), 3, 3)).astype(np.float32)
    buffer = ClipBuffer(CLIP, gap_seconds=10.0)
    for time, value in zip(times, features, strict=True):
        buffer.add(float(time), value)
        streamed = buffer.clip()
        if streamed is not None:
            until = times <= time
            assert np.array_equal(streamed, sample_clip(times[until], features[until], end=float(time), clip=CLIP))


def test_a_clip_waits_for_a_quarter_of_its_span_and_repeats_the_first_frame() -> None:
    buffer = ClipBuffer(CLIP, gap_seconds=1.0)
    for index in range(2):
        buffer.add(index * 0.1, np.full((1, 3), index, np.float32))
        assert buffer.clip() is None
    buffer.add(0.2, np.full((1, 3), 2, np.float32))
    clip = buffer.clip()
    assert clip is not None
    assert clip[:, 0, 0].tolist() == [0, 0, 0, 0, 0, 0, 1, 2]
    assert buffer.known_share == pytest.approx(2 / 7)


def test_a_gap_forgets_what_was_before() -> None:
    buffer = ClipBuffer(CLIP, gap_seconds=0.5)
    for index in range(10):
        assert buffer.add(index * 0.1, np.zeros((1, 3), np.float32))
    assert not buffer.add(1.6, np.ones((1, 3), np.float32))
    assert len(buffer) == 1
    assert buffer.clip() is None


@pytest.mark.parametrize("rate", [5, 30, 1000])
def test_the_buffer_holds_one_clip_at_any_frame_rate(rate: int) -> None:
    buffer = ClipBuffer(CLIP, gap_seconds=1.0)
    for index in range(5 * rate):
        buffer.add(index / rate, np.zeros((1, 3), np.float32))
    assert len(buffer) <= 16 * CLIP.length + 2


def test_time_goes_forward() -> None:
    buffer = ClipBuffer(CLIP, gap_seconds=1.0)
    buffer.add(1.0, np.zeros((1, 3), np.float32))
    with pytest.raises(ValueError, match="reset the buffer"):
        buffer.add(1.0, np.zeros((1, 3), np.float32))
