"""Settings are read strictly."""

from pathlib import Path

import pytest

from edgeact.config import PipelineConfig, load_config
from edgeact.errors import ConfigError


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "settings.toml"
    path.write_text(text)
    return path


def test_keys_replace_defaults(tmp_path: Path) -> None:
    config = load_config(write(tmp_path, "detect_every = 2\nmax_persons = 3\n"))
    assert (config.detect_every, config.max_persons) == (2, 3)
    assert config.lost_seconds == PipelineConfig().lost_seconds


def test_all_faults_are_named_with_the_known_keys(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load_config(write(tmp_path, "detect_evry = 2\nmax_persons = 0\nthreads = 'two'\n"))
    message = str(caught.value)
    assert "\n" not in message
    for part in ("settings.toml", "detect_evry", "max_persons", "threads", "known keys are", "detect_every"):
        assert part in message


@pytest.mark.parametrize("text", ["detect_every =", "[[", "\x00", f"threads = {'9' * 5000}"])
def test_what_is_not_toml_says_so(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigError, match="not TOML"):
        load_config(write(tmp_path, text))


def test_a_missing_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        load_config(tmp_path / "none.toml")


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (f"a = {'[' * 20_000}{']' * 20_000}", "nested too deeply"),
        ("a = {}\n" + "#" * 2**20, "larger than 1048576 bytes"),
        (f"threads = {'9' * 400}", "threads"),
    ],
)
def test_what_no_settings_look_like_is_refused(tmp_path: Path, text: str, fault: str) -> None:
    with pytest.raises(ConfigError, match=fault):
        load_config(write(tmp_path, text))


def test_a_path_that_no_file_can_have_says_so() -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        load_config(Path("a\0b.toml"))
