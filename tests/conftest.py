"""What all tests share: the skip gate, pytest's own plugin for testing it, and the example bundles."""

from collections.abc import Callable
from pathlib import Path

import pytest

pytest_plugins = ["pytester", "tests.skip_gate"]


@pytest.fixture(scope="session")
def example_bundle(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Callable[[str], Path]:
    """Return a function that maps the letter of a paper's network to the folder of its example bundle. Each bundle is
    exported once for all test processes (`tests.example_bundles`).
    """
    base = tmp_path_factory.getbasetemp()
    # The folder of a process of pytest-xdist lies in that of the run.
    folder = (base.parent if hasattr(request.config, "workerinput") else base) / "examples"
    folder.mkdir(exist_ok=True)

    def folder_of(letter: str) -> Path:
        from tests.example_bundles import shared_example_bundle

        return shared_example_bundle(letter, folder)

    return folder_of
