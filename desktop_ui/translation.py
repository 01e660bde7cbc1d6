"""The window's words in other languages; English is what stands in the code.

``tr("Open a file…")`` gives the words of the chosen language. The files in `desktop_ui/translations/de` have the
German ones; a test holds them complete.
"""

import json
import locale
from importlib import resources

LANGUAGES = ("en", "de")
_words: dict[str, str] = {}


def tr(text: str) -> str:
    """The translation of an English text of the code into the set language; the text itself where there is none."""
    return _words.get(text, text)


def use_language(choice: str) -> str:
    """Set the language of the window: one of `LANGUAGES`, or ``system`` for the one that the system's settings name.

    Returns:
        The language that is set now.
    """
    language = system_language() if choice == "system" else choice
    language = language if language in LANGUAGES else "en"
    _words.clear()
    if language != "en":
        _words.update(catalogue(language))
    return language


def system_language() -> str:
    """The two letters of the language that the environment asks for; ``en`` where it asks for none."""
    return (locale.getlocale()[0] or "en")[:2]


def catalogue(language: str) -> dict[str, str]:
    """The translations into a language: the English text of the code to the translated one."""
    words: dict[str, str] = {}
    for path in (resources.files("desktop_ui") / "translations" / language).iterdir():
        if path.name.endswith(".json"):
            words.update(json.loads(path.read_text(encoding="utf-8")))
    return words
