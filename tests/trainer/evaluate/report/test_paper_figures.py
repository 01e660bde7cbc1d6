"""The papers' figures are theirs."""

from trainer.evaluate.report.paper_figures import reported


def test_figures_of_the_papers_tables() -> None:
    """Paper A, table 3; paper B, table 1."""
    heads = ("image", "attention", "parts", "concatenation", "ensemble")
    streams = [reported("A", "stanford40", head) for head in heads]
    assert [found.value for found in streams if found] == [0.8557, 0.8538, 0.8427, 0.9176, 0.9191]
    found = reported("B", "stanford40", "image")
    assert found is not None
    assert found.value == 0.911
    assert reported("B", "ut_interaction", "image") is None
    assert reported(None, "stanford40", "image") is None
