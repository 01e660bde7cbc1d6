"""Fixtures for the tests of the runtime."""

from pathlib import Path

import pytest

from tests.tiny_bundle import build_tiny_bundle


@pytest.fixture(scope="session")
def tiny_bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The toy world's bundle, built once; tests that change it copy it first."""
    return build_tiny_bundle(tmp_path_factory.mktemp("bundle") / "tiny")
