"""Every text of the window has German words, and the placeholders are the same."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from desktop_ui.model.layers import LAYER_SWITCHES
from desktop_ui.translation import catalogue, tr, use_language

PACKAGE = Path(__file__).parents[2] / "desktop_ui"


def texts_of_the_code() -> set[str]:
    texts = {text for switch in LAYER_SWITCHES for text in (switch.title, switch.tip)}
    for path in PACKAGE.rglob("*.py"):
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(call, ast.Call) and ast.unparse(call.func) == "tr" and isinstance(call.args[0], ast.Constant):
                texts.add(call.args[0].value)
    return texts


@pytest.fixture(autouse=True)
def _english_afterwards() -> Iterator[None]:
    yield
    use_language("en")


def test_german_is_complete_and_has_nothing_else() -> None:
    texts, german = texts_of_the_code(), catalogue("de")
    assert sorted(texts - set(german)) == []
    assert sorted(set(german) - texts) == []


def test_placeholders_are_the_same() -> None:
    def placeholders(text: str) -> list[str]:
        return sorted(re.findall(r"\{[^}]*\}", text))

    wrong = {text: words for text, words in catalogue("de").items() if placeholders(text) != placeholders(words)}
    assert wrong == {}


def test_a_language_is_put_on_and_english_is_what_stands_in_the_code() -> None:
    assert use_language("de") == "de"
    assert tr("Close") == "Schließen"
    assert use_language("xx") == "en"
    assert tr("Close") == "Close"
