from pathlib import Path

import pytest

from edgeact.cli.options import pipeline_config
from edgeact.errors import UsageError


def test_config_options_win_over_the_file_and_faults_are_listed(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    path.write_text("max_persons = 3\ndetect_every = 7\n")
    config = pipeline_config(path, max_persons=2, device=None)
    assert (config.max_persons, config.detect_every, config.device) == (2, 7, "cpu")
    with pytest.raises(UsageError, match="--max-persons: input should be less than or equal to 200"):
        pipeline_config(None, max_persons=999)
