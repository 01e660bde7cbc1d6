"""What all tests share: the skip gate, pytest's own plugin for testing it, and the example bundles."""

from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

pytest_plugins = ["pytester", "tests.skip_gate"]


@pytest.fixture(scope="session")
def example_bundle(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The folder of the example bundle of a network, by its letter; made once a session (`tests.example_bundles`)."""
    folder = tmp_path_factory.mktemp("examples")

    @cache
    def folder_of(letter: str) -> Path:
        from tests.example_bundles import make_example_bundle

        return make_example_bundle(letter, folder)

    return folder_of
