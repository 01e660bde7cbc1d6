import re
import sys
from pathlib import Path

from desktop_ui.cli import MODULES

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


def test_the_modules_are_those_of_the_extra() -> None:
    text = (Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8")
    lines = tomllib.loads(text)["project"]["optional-dependencies"]["desktop"]
    assert sorted(re.split("[<>=;]", line)[0] for line in lines) == sorted(MODULES)
