"""Text of others (file names, labels, addresses) that is safe to show: it cannot steer a terminal or break a line."""

import unicodedata

# Control characters, invisible ones such as those that turn the direction of writing, half characters (of names that
# are no UTF-8), and separators that some programs take for the end of a line.
_UNSAFE_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
# Invisible, but part of how emoji and several scripts are spelt.
_JOINERS = frozenset("\u200c\u200d")


def printable(text: str) -> str:
    r"""The text with every control character as an escape: ``"a\x1b[2Jb"`` becomes ``r"a\x1b[2Jb"``, of one line."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_escape(character) if _is_unsafe(character) else character for character in text)


def _is_unsafe(character: str) -> bool:
    return unicodedata.category(character) in _UNSAFE_CATEGORIES and character not in _JOINERS


def _escape(character: str) -> str:
    return character.encode("unicode_escape", errors="backslashreplace").decode("ascii")
