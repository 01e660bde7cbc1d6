from pathlib import Path

import numpy as np
import pytest

import edgeact
from edgeact.errors import BundleError, UsageError
from tests.tiny_bundle import LABELS, tiny_picture
from tests.toy_video import one_walker


def test_it_sees_what_the_loop_over_the_same_pictures_sees(tiny_bundle: Path) -> None:
    pictures = [tiny_picture(320, 160, one_walker(index / 25)) for index in range(75)]
    looped = list(edgeact.watch(pictures, bundle=tiny_bundle))
    with edgeact.Pipeline(tiny_bundle) as pipeline:
        began = []
        for index, picture in enumerate(pictures):
            observation = pipeline.process(picture, time=index / 25)
            began += [(event.phase, event.label) for event in pipeline.events if event.phase == "new"]
            expected = looped[index]
            assert [person.track_id for person in observation.persons] == [p.track_id for p in expected.persons]
            for one, other in zip(observation.persons, expected.persons, strict=True):
                np.testing.assert_array_equal(one.pose.joints, other.pose.joints)
                assert [reading.labels for reading in one.readings] == [reading.labels for reading in other.readings]
        assert began == [("new", "walk")]
        assert [(event.phase, event.label) for event in pipeline.finish()] == [("end", "walk")]
        assert pipeline.labels == LABELS
        assert len(pipeline.skeleton.joints) == observation.persons[0].pose.joints.shape[0]
        again = pipeline.process(pictures[0], time=0.0)  # after finish() time may begin anew
        assert again.frame.index == len(pictures)


def test_pictures_of_a_reused_buffer_and_of_opencv(tiny_bundle: Path) -> None:
    buffer = tiny_picture(160, 160, one_walker(0.0))
    with edgeact.Pipeline(tiny_bundle) as pipeline:
        first = pipeline.process(buffer[..., ::-1], time=0)
        buffer[:] = tiny_picture(160, 160, one_walker(0.04))
        second = pipeline.process(buffer, time=np.float32(0.04))
    assert first.persons[0].track_id == second.persons[0].track_id == 1
    assert not second.frame.image.flags.writeable
    assert buffer.flags.writeable


@pytest.mark.parametrize(
    ("image", "time", "message"),
    [
        ("clip.mp4", 1.0, r"image is a str; a picture is an array of uint8, \(H, W, 3\), RGB"),
        (np.zeros((8, 8), np.uint8), 1.0, "image is an array of uint8 of the shape"),
        (np.zeros((8, 8, 3), np.float32), 1.0, "image is an array of float32"),
        (np.zeros((0, 8, 3), np.uint8), 1.0, "image has 8×0 pixels"),
        (np.zeros((8, 8, 3), np.uint8), 0.0, "time is 0 s after 0 s; times increase"),
        (np.zeros((8, 8, 3), np.uint8), float("nan"), "time is nan; it is a number of seconds"),
        (np.zeros((8, 8, 3), np.uint8), "1", "time is '1'; it is a number of seconds"),
    ],
)
def test_what_is_no_picture_or_no_time_is_refused(image: object, time: float, message: str, tiny_bundle: Path) -> None:
    with edgeact.Pipeline(tiny_bundle) as pipeline:
        pipeline.process(np.zeros((8, 8, 3), np.uint8), time=0.0)
        with pytest.raises(UsageError, match=message):
            pipeline.process(image, time=time)
        pipeline.process(np.zeros((8, 8, 3), np.uint8), time=2.0)  # and goes on


def test_a_closed_pipeline_and_a_missing_bundle_say_so(tiny_bundle: Path, tmp_path: Path) -> None:
    pipeline = edgeact.Pipeline(tiny_bundle)
    pipeline.close()
    pipeline.close()
    with pytest.raises(UsageError, match="the pipeline is closed"):
        pipeline.process(np.zeros((8, 8, 3), np.uint8), time=0.0)
    with pytest.raises(BundleError, match="cannot be read"):
        edgeact.Pipeline(tmp_path / "missing")
