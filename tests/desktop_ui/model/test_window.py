import pytest

from desktop_ui.model.layers import PRIVACIES, Layers
from desktop_ui.model.rates import Rate, percentile
from desktop_ui.model.sources import SourceSpec
from desktop_ui.model.standing import Phase, Standing
from desktop_ui.model.window import MOST_SOURCES, Selection, WindowModel


def test_the_grid_has_nine_places_and_a_removed_source_takes_focus_and_selection_along() -> None:
    model = WindowModel()
    told: list[str] = []
    model.sources_changed.connect(lambda: told.append("sources"))
    model.focus_changed.connect(lambda: told.append("focus"))
    items = [model.add(SourceSpec(str(number))) for number in range(MOST_SOURCES)]
    assert model.add(SourceSpec("9")) is None
    second = items[1]
    assert second is not None
    model.focus_on_position(2)
    model.select(Selection(second.key, 4))
    model.remove(second.key)
    assert (model.focus, model.selection, len(model.sources)) == (None, None, MOST_SOURCES - 1)
    assert told == ["sources"] * MOST_SOURCES + ["focus", "focus", "sources"]
    model.focus_on_position(9)  # there is none any more
    assert model.focus is None


def test_the_focused_source_alone_is_looked_at_or_else_that_of_the_chosen_person_first() -> None:
    model = WindowModel()
    assert (model.in_sight, model.looked_at) == ((), ())
    for number in range(3):
        model.add(SourceSpec(str(number)))
    assert model.looked_at == tuple(item.key for item in model.in_sight) == (1, 2, 3)
    model.select(Selection(2, 4))
    assert model.looked_at == (2, 1, 3)
    model.focus_on(3)
    assert model.looked_at == tuple(item.key for item in model.in_sight) == (3,)


@pytest.mark.parametrize(
    ("name", "called", "sort"),
    [
        ("0", "Camera 0", "camera"),
        ("/dev/video1", "/dev/video1", "camera"),
        ("rtsp://me:secret@192.0.2.7/stream", "192.0.2.7/stream", "stream"),
        ("videos/clip.mp4", "clip.mp4", "file"),
    ],
)
def test_a_source_is_called_by_what_it_is_and_never_by_its_secrets(name: str, called: str, sort: str) -> None:
    spec = SourceSpec(name)
    assert (spec.called, spec.sort) == (called, sort)
    assert "secret" not in f"{spec!r} {spec.shown} {spec.called}"


def test_figures_are_those_of_the_last_seconds() -> None:
    model = WindowModel()
    item = model.add(SourceSpec("0"))
    assert item is not None
    for tick in range(50):
        standing = Standing(
            Phase.RUNNING,
            is_live=True,
            came=5 * tick,
            processed=2 * tick,
            dropped={"newer_frame": 3 * tick},
            age=tick / 100,
        )
        model.note_standings({item.key: standing}, now=tick / 5)
    figures = model.figures()
    assert figures.came == pytest.approx(25.0)
    assert figures.processed == pytest.approx(10.0)
    assert figures.age == pytest.approx(0.49)
    assert figures.age_p95 == pytest.approx(0.47)
    assert figures.dropped == {"newer_frame": 147}


def test_a_count_that_begins_anew_is_no_negative_rate() -> None:
    rate = Rate()
    for now, count in ((0.0, 100), (1.0, 200), (2.0, 0), (3.0, 10)):
        rate.note(now, count)
    assert rate.value == pytest.approx(10.0)
    assert percentile([], 0.95) == 0.0


def test_privacy_goes_round_and_only_real_changes_are_told() -> None:
    model = WindowModel()
    told: list[str] = []
    model.layers_changed.connect(lambda: told.append(model.layers.privacy))
    for _ in PRIVACIES:
        model.layers = model.layers.with_next_privacy()
    model.layers = Layers()
    assert told == ["heads", "persons", "skeleton", "none"]
    assert model.layers.toggled("black").hides_picture
