from desktop_ui.model.area_drawing import Drawing, area_at, corner_at, moved
from desktop_ui.model.rule_book import Areas
from desktop_ui.model.undo import Step, UndoStack

SIZE = (1000.0, 500.0)
SQUARE = ((0.2, 0.2), (0.8, 0.2), (0.8, 0.8), (0.2, 0.8))


def test_a_zone_is_closed_by_its_first_point() -> None:
    drawing, complete = Drawing("zone"), None
    for point in SQUARE:
        drawing, complete = drawing.clicked(point, SIZE)
        assert complete is None
    assert drawing.clicked(SQUARE[-1], SIZE)[0] == drawing, "the second click of a double click is no corner"
    assert drawing.shortened().points == SQUARE[:3]
    drawing, complete = drawing.clicked((0.205, 0.21), SIZE)
    assert complete == SQUARE
    assert drawing.points == ()


def test_a_line_has_two_ends() -> None:
    drawing, complete = Drawing("line").clicked((0.1, 0.1), SIZE)
    assert complete is None
    assert drawing.clicked((0.9, 0.9), SIZE)[1] == ((0.1, 0.1), (0.9, 0.9))


def test_what_is_under_the_pointer() -> None:
    areas = Areas({"yard": SQUARE}, {"gate": ((0.1, 0.9), (0.9, 0.9))})
    assert corner_at(areas, (0.205, 0.205), SIZE) == ("yard", 0)
    assert corner_at(areas, (0.5, 0.5), SIZE) is None
    assert area_at(areas, (0.5, 0.5), SIZE) == "yard"
    assert area_at(areas, (0.5, 0.905), SIZE) == "gate"
    assert area_at(areas, (0.05, 0.05), SIZE) is None
    assert moved(SQUARE, 1, (0.9, 0.1))[1] == (0.9, 0.1)


def test_steps_are_taken_back_and_done_again_until_something_else_is_done() -> None:
    value, undo = [0], UndoStack()

    def step(words: str, before: int, after: int) -> Step:
        return Step(words, undo=lambda: value.__setitem__(0, before), redo=lambda: value.__setitem__(0, after))

    undo.do(step("one", 0, 1))
    undo.do(step("two", 1, 2))
    assert (undo.undo(), value[0]) == ("two", 1)
    assert (undo.redo(), value[0]) == ("two", 2)
    assert undo.undo() == "two"
    undo.do(step("three", 1, 3))
    assert undo.redo() is None
    assert (undo.undo(), undo.undo(), undo.undo(), value[0]) == ("three", "one", None, 0)
