"""A pytest plugin: a skip is an error unless its reason is known, so that a green run means that everything ran.

The known reasons are that the machine cannot render, that it has no RTSP server, MQTT broker or browser (not in
continuous integration) or no Xvfb or weston, and that the shared data folder is absent. The folder is looked for at
``$EDGEACT_SHARED``, or else in the folder ``shared`` beside the repository; tests that need it carry the marker
``data`` and take its path from the fixture ``shared_folder``.
"""

import os
from collections.abc import Generator
from pathlib import Path

import pytest

from tests.servers import chromium, mosquitto, rtsp

NO_SHARED_FOLDER = "needs the shared data folder ($EDGEACT_SHARED)"
NO_EGL = "EGL is not available"
NO_RTSP_SERVER = "needs GStreamer's RTSP server (make servers)"
NO_BROKER = "needs the MQTT broker mosquitto (make servers)"
NO_BROWSER = "needs the browser Chromium (make servers)"
NO_XVFB = "needs Xvfb (make qt-libraries)"
NO_WESTON = "needs the Wayland compositor weston (make qt-libraries)"
ALLOWED_REASONS = frozenset({NO_SHARED_FOLDER, NO_EGL, NO_RTSP_SERVER, NO_BROKER, NO_BROWSER, NO_XVFB, NO_WESTON})


def find_shared_folder(config: pytest.Config) -> Path | None:
    """The folder of data that is not part of the repository, or None where it is absent."""
    folder = Path(os.environ.get("EDGEACT_SHARED") or config.rootpath.parent / "shared")
    return folder if folder.is_dir() else None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if find_shared_folder(config) is None:
        for item in items:
            if item.get_closest_marker("data"):
                item.add_marker(pytest.mark.skip(reason=NO_SHARED_FOLDER))
    for marker, is_installed, reason in (
        ("rtsp", rtsp.is_installed, NO_RTSP_SERVER),
        ("mqtt", mosquitto.is_installed, NO_BROKER),
        ("browser", chromium.is_installed, NO_BROWSER),
    ):
        served = [item for item in items if item.get_closest_marker(marker)]
        if served and "CI" not in os.environ and not is_installed():
            for item in served:
                item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture
def shared_folder(request: pytest.FixtureRequest) -> Path:
    """Where the data sets are; only for tests marked ``data``."""
    folder = find_shared_folder(request.config)
    if request.node.get_closest_marker("data") is None:
        pytest.fail("a test that takes shared_folder must be marked with pytest.mark.data")
    assert folder is not None, "tests marked data are skipped where the folder is absent"
    return folder


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    refuse_unknown_skip(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    refuse_unknown_skip(report)
    return report


def refuse_unknown_skip(report: pytest.TestReport | pytest.CollectReport) -> None:
    """Turn a report of a skip into one of a failure, unless its reason is known or the test was expected to fail."""
    if not report.skipped or hasattr(report, "wasxfail"):
        return
    assert isinstance(report.longrepr, tuple), "pytest reports a skip as (file, line, reason)"
    path, line, message = report.longrepr
    reason = str(message).removeprefix("Skipped: ")
    if reason not in ALLOWED_REASONS:
        report.outcome = "failed"
        report.longrepr = (
            f"{path}:{line}: skipped ({reason}); only these reasons are allowed: {'; '.join(sorted(ALLOWED_REASONS))}"
        )
