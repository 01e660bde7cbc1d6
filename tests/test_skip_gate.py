"""The skip gate itself: an unknown skip fails the run, the one known skip and an expected failure do not."""

from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[1]


@pytest.fixture
def gated(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A scratch test folder with the gate on and without shared data."""
    monkeypatch.setenv("EDGEACT_SHARED", str(pytester.path / "absent"))
    monkeypatch.syspath_prepend(REPOSITORY)
    pytester.makeconftest('pytest_plugins = ["tests.skip_gate"]')
    pytester.makeini("[pytest]\nmarkers = data: needs shared data")
    return pytester


UNKNOWN_SKIPS = {
    "test_call": "def test_it(): pytest.skip('no camera here')",
    "test_mark": "@pytest.mark.skip(reason='later')\ndef test_it(): pass",
    "test_condition": "@pytest.mark.skipif(True, reason='later')\ndef test_it(): pass",
    "test_fixture": "@pytest.fixture\ndef camera(): pytest.skip('no camera here')\ndef test_it(camera): pass",
    "test_import": "def test_it(): pytest.importorskip('no_such_library')",
    "test_module_import": "pytest.importorskip('no_such_library')\ndef test_it(): pass",
    "test_module": "pytest.skip('later', allow_module_level=True)",
}


def test_a_skip_for_an_unknown_reason_is_an_error(gated: pytest.Pytester) -> None:
    gated.makepyfile(**{name: f"import pytest\n{body}" for name, body in UNKNOWN_SKIPS.items()})
    result = gated.runpytest_inprocess("--continue-on-collection-errors")
    assert result.ret != pytest.ExitCode.OK
    outcomes = result.parseoutcomes()
    assert outcomes.get("failed", 0) + outcomes.get("errors", 0) == len(UNKNOWN_SKIPS)
    assert "skipped" not in outcomes
    result.stdout.fnmatch_lines(["*only these reasons are allowed: *needs the shared data folder*"])


def test_tests_marked_data_are_skipped_where_the_folder_is_absent(gated: pytest.Pytester) -> None:
    gated.makepyfile("import pytest\n@pytest.mark.data\ndef test_it(shared_folder): raise AssertionError")
    result = gated.runpytest_inprocess()
    result.assert_outcomes(skipped=1)
    assert result.ret == pytest.ExitCode.OK


def test_tests_marked_data_run_where_the_folder_is(gated: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDGEACT_SHARED", str(gated.path))
    gated.makepyfile("import pytest\n@pytest.mark.data\ndef test_it(shared_folder): assert shared_folder.is_dir()")
    gated.runpytest_inprocess().assert_outcomes(passed=1)


def test_shared_data_is_refused_to_a_test_without_the_marker(
    gated: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EDGEACT_SHARED", str(gated.path))
    gated.makepyfile("def test_it(shared_folder): pass")
    gated.runpytest_inprocess().assert_outcomes(errors=1)


def test_an_expected_failure_is_no_skip(gated: pytest.Pytester) -> None:
    gated.makepyfile("import pytest\n@pytest.mark.xfail(reason='known')\ndef test_it(): assert False")
    gated.runpytest_inprocess().assert_outcomes(xfailed=1)
