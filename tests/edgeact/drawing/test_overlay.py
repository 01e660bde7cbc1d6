"""The picture: drawn on a copy, only where something is known, at any size."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from edgeact.drawing.overlay import draw
from edgeact.drawing.part_insets import InsetStrip
from edgeact.drawing.person_label import label_text
from edgeact.drawing.stick_figure import faces_camera
from edgeact.drawing.style import LEFT, RIGHT, track_colour
from edgeact.skeleton import BODY_21
from edgeact.types import AttentionMap, Frame, Observation, PartCrop, Person, Pose, Reading
from tests.tiny_bundle import FIGURE


def person(
    *, box: tuple[float, float, float, float] = (100, 40, 160, 200), label: str | None = "walk", track_id: int = 3
) -> Person:
    edges = np.array(box, np.float32)
    centre, half = (edges[:2] + edges[2:]) / 2, (edges[2:] - edges[:2]) / 2
    scores, labels = np.array([0.8, 0.2], np.float32), () if label is None else (label,)
    attention = AttentionMap("joints", np.eye(48, 36, dtype=np.float32), edges, label)
    return Person(
        track_id,
        edges,
        0.9,
        Pose(centre + FIGURE * half, np.ones(21, np.float32)),
        parts=tuple(PartCrop(name, edges) for name in ("head", "right_hand", "left_hand")),
        readings=(Reading("action", scores, scores, labels, (0.8,) * len(labels)),),
        attention=(attention,),
    )


def drawn(image: np.ndarray, *persons: Person) -> np.ndarray:
    return draw(Observation(Frame(0, 0.0, image), persons), skeleton=BODY_21, joint_confidence=0.5)


def test_the_frame_itself_is_not_touched() -> None:
    image = np.full((240, 320, 3), 90, np.uint8)
    image.flags.writeable = False
    result = drawn(image, person())
    assert result is not image
    assert (image == 90).all()
    assert (result != 90).any()


def test_nobody_there_leaves_the_picture_as_it_is() -> None:
    image = np.random.default_rng(0).integers(0, 255, (48, 64, 3), np.uint8)
    assert np.array_equal(drawn(image), image)


@pytest.mark.parametrize("size", [(1, 1), (2, 9), (17, 33), (2160, 3840)])
def test_any_size_can_be_drawn_on(size: tuple[int, int]) -> None:
    assert drawn(np.zeros((*size, 3), np.uint8), person()).shape == (*size, 3)


@pytest.mark.parametrize(
    "box", [(-500, -500, -400, -300), (-30, -30, 20, 40), (10_000, 0, 10_050, 90), (50, 50, 50, 50)]
)
def test_people_partly_or_wholly_outside_do_no_harm(box: tuple[float, float, float, float]) -> None:
    drawn(np.zeros((240, 320, 3), np.uint8), person(box=box))


def test_far_from_people_nothing_changes() -> None:
    image = np.full((480, 640, 3), 90, np.uint8)
    result = drawn(image, person())
    assert (result[:300, 300:] == 90).all()


def test_the_label_names_track_action_and_score() -> None:
    assert label_text(person()) == "#3 walk 80%"
    assert label_text(person(label=None)) == "#3"


def test_a_label_hides_neither_the_head_nor_another_label() -> None:
    image = np.full((480, 640, 3), 90, np.uint8)
    low_box = replace(person(track_id=1), box=np.array([200, 260, 300, 440], np.float32))  # the head reaches out of it
    head = low_box.pose.joints[:, 1].min()
    alone = drawn(
        image,
        replace(
            low_box,
            pose=replace(low_box.pose, joints=low_box.pose.joints + np.float32([100, 180])),
            parts=(),
            attention=(),
        ),
    )
    changed = np.flatnonzero((alone != 90).any((1, 2)))
    plates = np.flatnonzero((alone == np.array(track_colour(1))).all(2).sum(1) > 40)
    assert plates.min() == changed.min()
    assert plates[plates < 250].max() < head + 180
    beside = person(box=(210, 255, 310, 440), track_id=2)
    together = drawn(image, replace(low_box, parts=(), attention=()), replace(beside, parts=(), attention=()))
    for track_id in (1, 2):  # each plate keeps its whole width in some row
        rows = (together == np.array(track_colour(track_id))).all(2).sum(1)
        assert rows.max() >= 60


def test_thin_lines_keep_their_colour_in_the_video() -> None:
    """Video stores colour for every second pixel only: a line of one pixel is coloured or grey as it falls."""
    for left in (100, 101):
        image = np.full((240, 320, 3), 90, np.uint8)
        result = drawn(image, replace(person(box=(left, 40, left + 60, 200), label=None), parts=(), attention=()))
        stored = cv2.cvtColor(cv2.cvtColor(result, cv2.COLOR_RGB2YUV_I420), cv2.COLOR_YUV2RGB_I420)
        edge = stored[150:190, left - 2 : left + 3].astype(int)
        assert (edge.max(2) - edge.min(2)).max(1).min() > 60


def test_the_insets_keep_their_place_until_another_has_long_been_better() -> None:
    strip, image = InsetStrip(), np.zeros((240, 320, 3), np.uint8)
    upper, lower = person(box=(10, 5, 310, 120)), person(box=(10, 120, 310, 235))

    def at_bottom(time: float, one: Person) -> bool:
        return strip.place(Observation(Frame(0, time, image), (one,)), (90, 30), ())[1] == 210

    assert at_bottom(0.0, upper)
    assert [at_bottom(time, lower) for time in (1.0, 2.9)] == [True, True]
    assert at_bottom(2.95, upper)  # the two seconds begin anew
    assert [at_bottom(time, lower) for time in (3.0, 4.9, 5.1, 6.0)] == [True, True, False, False]


def test_the_insets_stand_beside_the_people() -> None:
    image = np.zeros((240, 320, 3), np.uint8)

    def place(*persons: Person, taken: tuple[tuple[int, int, int, int], ...] = ()) -> tuple[int, int]:
        return InsetStrip().place(Observation(Frame(0, 0.0, image), persons), (90, 30), taken)

    left, right = person(box=(10, 0, 60, 240)), person(box=(250, 0, 310, 240))
    assert place() == (0, 210)
    assert place(left, right) == (115, 210)
    assert place(left, right, taken=((100, 200, 200, 240),)) == (115, 0)
    assert place(left, person(box=(80, 0, 225, 240))) == (230, 210)


def crowd() -> Observation:
    small, large = person(track_id=1, box=(10, 10, 40, 100)), person(track_id=2, box=(60, 10, 120, 190))
    return Observation(Frame(0, 0.0, np.full((240, 320, 3), 90, np.uint8)), (small, large))


def test_parts_are_shown_of_the_largest_or_the_selected_person() -> None:
    result = crowd()
    for selected, track_id in ((None, 2), (1, 1), (7, 2)):  # nobody is 7
        strip = InsetStrip(selected)
        chosen = strip.choose(result)
        assert chosen is not None
        assert chosen.track_id == track_id
        image = draw(result, skeleton=BODY_21, joint_confidence=0.5, strip=strip)
        frame = (image[-33:] == np.array(track_colour(track_id))).all(2).sum()
        other = (image[-33:] == np.array(track_colour(3 - track_id))).all(2).sum()
        assert frame > 150
        assert other == 0


def test_whose_parts_are_shown_does_not_change_at_once() -> None:
    strip = InsetStrip()

    def shown(time: float, *heights: float) -> int | None:
        persons = tuple(person(track_id=i, box=(10, 0, 50, height)) for i, height in enumerate(heights, 1))
        chosen = strip.choose(Observation(Frame(0, time, np.zeros((240, 320, 3), np.uint8)), persons))
        return None if chosen is None else chosen.track_id

    assert [shown(0.0, 100, 90), shown(1.0, 90, 100), shown(2.9, 90, 100), shown(3.0, 90, 100)] == [1, 1, 1, 2]
    assert shown(3.1, 100) == 1  # the other is gone
    assert shown(3.2) is None


@pytest.mark.parametrize("size", [(48, 64), (60, 80), (120, 160)])
def test_parts_never_cover_more_than_a_quarter_of_a_small_picture(size: tuple[int, int]) -> None:
    image = np.full((*size, 3), 90, np.uint8)
    far = replace(person(box=(500, 500, 560, 660)), attention=())  # not in the picture: only insets and label are
    insets = (drawn(image, far) != drawn(image, replace(far, parts=()))).any(2)
    assert insets.mean() <= 0.25
    assert insets.any() == (size == (120, 160))


def test_bones_and_joints_of_somebody_small_in_a_large_picture_leave_the_body_visible() -> None:
    def covered(height: int, *, side: int) -> float:
        one = person(box=(20, 40, 20 + 0.4 * height, 40 + height), label=None)
        result = drawn(np.full((side, side, 3), 90, np.uint8), replace(one, parts=(), attention=()))
        limbs = [(result == np.array(colour)).all(2).sum() for colour in (LEFT, RIGHT)]
        return sum(limbs) / (0.4 * height * height)

    assert covered(100, side=1440) < 1.2 * covered(100, side=320)
    assert covered(800, side=1440) > 0.7 * covered(200, side=360)  # who is large has bones of the picture's measure


def face(left_eye: tuple[float, float], right_eye: tuple[float, float], confidence: float = 0.9) -> Pose:
    joints, sure = np.zeros((21, 2), np.float32), np.full(21, 0.9, np.float32)
    places = {
        "left_eye": left_eye,
        "right_eye": right_eye,
        "nose": (50, 24),
        "left_ear": (60, 22),
        "right_ear": (40, 22),
    }
    for name, place in (places | {"left_shoulder": (70, 60), "right_shoulder": (30, 60)}).items():
        joints[BODY_21.index(name)] = place
    sure[BODY_21.index("nose")] = confidence
    return Pose(joints, sure)


def test_a_face_has_lines_only_when_it_looks_at_the_camera() -> None:
    def looks(pose: Pose) -> bool:
        return faces_camera(pose, skeleton=BODY_21, threshold=0.5)

    front, behind = face((55, 20), (45, 20)), face((45, 20), (55, 20))
    assert looks(front)
    assert not looks(behind)
    assert not looks(face((55, 20), (45, 20), confidence=0.2))
    upside_down = Pose(100 - front.joints, front.confidence)
    assert looks(upside_down)
    turned, profile = (Pose(front.joints.copy(), front.confidence) for _ in range(2))
    turned.joints[BODY_21.index("left_ear")] = (48, 22)  # the nose is a quarter of 8 pixels beside it
    profile.joints[BODY_21.index("left_ear")] = (43, 22)
    assert (looks(turned), looks(profile)) == (True, False)
    bare = replace(person(box=(5, 5, 95, 95), label=None), parts=(), attention=())
    image = np.full((100, 100, 3), 90, np.uint8)
    dots = [(drawn(image, replace(bare, pose=pose))[14:26, 40:60] != 90).any(2).sum() for pose in (front, behind)]
    assert dots[0] > dots[1]


def test_colours_of_tracks_are_steady_and_apart() -> None:
    colours = [np.array(track_colour(number)) for number in range(1, 7)]
    assert all(np.array_equal(track_colour(number), colours[number - 1]) for number in range(1, 7))
    assert min(np.abs(a - b).sum() for i, a in enumerate(colours) for b in colours[:i]) > 40
