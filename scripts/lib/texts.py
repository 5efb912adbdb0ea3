"""Writes the translation files of Home Assistant from texts/, where each text stands once in a language.

A language is a file of named texts, and one layout for all languages says where each of them is shown. A text may contain
others: `[%pin.where%]` is replaced by the text with that name. English is the source: the other languages have its names.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
import json
from pathlib import Path
import re
import string
import sys
import tomllib
from typing import Any

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "texts"
TARGET = ROOT / "custom_components" / "smartlock" / "translations"

_ENGLISH = "en"
_LAYOUT = "layout"
_SHARED = "shared"
_USE = "_use"
_REFERENCE = re.compile(r"\[%(.*?)%\]")
# What stands between two sentences, and what stands before one in a list.
_BETWEEN_SENTENCES = re.compile(r"(?<=[.!?])\s+|\n+(?:\d+\. |- )?|^(?:\d+\. |- )")
# In characters. Shorter ones, such as "Try again.", may be repeated: a reference would say less than the words.
_SHORT_SENTENCE = 30

type Keys = tuple[str, ...]


class TextsError(Exception):
    """The texts contradict each other; the message has a line for each problem."""


def _load(file: Path) -> dict[str, Any]:
    """Return the content of a file; raises TextsError if it is no TOML."""
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as err:
        raise TextsError(f"{file.name}: {err}") from err


def _leaves(table: Mapping[str, Any], path: Keys = ()) -> Iterator[tuple[Keys, Any]]:
    """Yield everything in nested tables that is no table itself, with its path."""
    for key, value in table.items():
        if isinstance(value, dict):
            yield from _leaves(value, (*path, key))
        else:
            yield (*path, key), value


def _named_texts(language: str, content: Mapping[str, Any], problems: list[str]) -> dict[str, str]:
    """Return the texts of one language by their names."""
    texts: dict[str, str] = {}
    for path, text in _leaves(content):
        name = ".".join(path)
        if not isinstance(text, str) or not text or text != text.strip():
            problems.append(f"{language}.toml: {name} is no text, is empty, or begins or ends with a blank")
        else:
            texts[name] = text
    return texts


def _places(content: dict[str, Any], problems: list[str]) -> dict[Keys, str]:
    """Return the name of the text for every key of a translation file."""
    shared = content.pop(_SHARED, {})
    used: set[str] = set()
    found: list[tuple[Keys, Any]] = []
    for path, value in _leaves(content):
        if path[-1] != _USE:
            found.append((path, value))
            continue
        for table in value if isinstance(value, list) else [value]:
            if table not in shared:
                problems.append(
                    f"layout.toml: {'.'.join(path)} names [{_SHARED}.{table}], which does not exist"
                )
            else:
                used.add(table)
                found.extend(((*path[:-1], *rest), name) for rest, name in _leaves(shared[table]))
    problems += [f"layout.toml: [{_SHARED}.{table}] is used nowhere" for table in shared if table not in used]
    places: dict[Keys, str] = {}
    for path, name in found:
        key = ".".join(path)
        if not isinstance(name, str) or path[-1] == _USE:
            problems.append(f"layout.toml: {key} is not the name of a text")
        elif path in places:
            problems.append(f"layout.toml: {key} is set twice")
        else:
            places[path] = name
    for path in places:
        for length in range(1, len(path)):
            if path[:length] in places:
                problems.append(
                    f"layout.toml: {'.'.join(path[:length])} is a text, and {'.'.join(path)} lies in it"
                )
    return places


def _references(text: str) -> set[str]:
    """Return the names of the texts that are put into this one."""
    return set(_REFERENCE.findall(text))


def _placeholders(text: str) -> set[str]:
    """Return the names in braces; raises ValueError for a brace without its other half."""
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def _in_braces(names: set[str]) -> str:
    """Return placeholders as they stand in a text."""
    return " ".join(sorted(f"{{{name}}}" for name in names)) or "none"


def _reach(name: str, english: Mapping[str, str], above: Keys, problems: list[str]) -> Iterator[str]:
    """Yield a text and all that are put into it."""
    if name in above:
        problems.append(f"en.toml: {' > '.join((*above, name))} is a circle")
        return
    yield name
    for other in sorted(_references(english[name])):
        if other in english:
            yield from _reach(other, english, (*above, name), problems)


def _check_english(places: Mapping[Keys, str], english: Mapping[str, str], problems: list[str]) -> None:
    """Check that the layout and the texts need each other, and that no sentence is written twice."""
    for path, name in places.items():
        if name not in english:
            problems.append(f"layout.toml: {'.'.join(path)} names {name}, which is not in en.toml")
    circles: list[str] = []
    reached = {
        name for top in set(places.values()) & english.keys() for name in _reach(top, english, (), circles)
    }
    problems += sorted(set(circles))
    problems += [f"en.toml: {name} is used nowhere" for name in english if name not in reached]
    where: defaultdict[str, list[str]] = defaultdict(list)
    for name, text in english.items():
        try:
            _placeholders(text)
        except ValueError as err:
            problems.append(f"en.toml: {name}: {err}")
        for other in sorted(_references(text) - english.keys()):
            problems.append(f"en.toml: {name} refers to [%{other}%], which does not exist")
        for sentence in _BETWEEN_SENTENCES.split(_REFERENCE.sub("", text)):
            if len(sentence.strip()) >= _SHORT_SENTENCE:
                where[sentence.strip()].append(name)
    for sentence, names in where.items():
        # Two that are nothing but this sentence are two on purpose, as long as one language tells them apart.
        if len(names) > 1 and any(english[name] != sentence for name in names):
            problems.append(
                f"en.toml: {' and '.join(names)} both say {sentence!r}: make it a text of its own and refer to it"
            )


def _check_language(
    language: str, texts: Mapping[str, str], english: Mapping[str, str], problems: list[str]
) -> None:
    """Check one language against English."""
    file = f"{language}.toml"
    problems += [f"{file}: {name} is missing" for name in english if name not in texts]
    problems += [f"{file}: {name} is not in en.toml" for name in texts if name not in english]
    for name in texts.keys() & english.keys():
        try:
            placeholders, wanted = _placeholders(texts[name]), _placeholders(english[name])
        except ValueError as err:
            problems.append(f"{file}: {name}: {err}")
            continue
        if placeholders != wanted:
            problems.append(
                f"{file}: {name} has the placeholders {_in_braces(placeholders)}, in English {_in_braces(wanted)}"
            )
        references, wanted = _references(texts[name]), _references(english[name])
        for other in sorted(references - wanted):
            problems.append(f"{file}: {name} refers to [%{other}%], unlike English")
        for other in sorted(wanted - references):
            problems.append(f"{file}: {name} does not refer to [%{other}%], unlike English")
    if texts.keys() == english.keys() and (
        misplaced := next((name for name, other in zip(texts, english, strict=True) if name != other), None)
    ):
        problems.append(f"{file}: {misplaced} does not stand where it stands in en.toml")


def _check_twins(languages: Mapping[str, Mapping[str, str]], problems: list[str]) -> None:
    """Check that no two texts are the same in every language: such a pair is translated twice for nothing."""
    twins: defaultdict[tuple[str, ...], list[str]] = defaultdict(list)
    for name in languages[_ENGLISH]:
        if all(name in texts for texts in languages.values()):
            twins[tuple(texts[name] for texts in languages.values())].append(name)
    problems += [
        f"{' and '.join(names)} are the same in every language: one is enough"
        for names in twins.values()
        if len(names) > 1
    ]


def _filled(name: str, texts: Mapping[str, str]) -> str:
    """Return a text with those it refers to."""
    return _REFERENCE.sub(lambda match: _filled(match[1], texts), texts[name])


def _languages(folder: Path, problems: list[str]) -> dict[str, dict[str, str]]:
    """Return the named texts of every language."""
    return {
        file.stem: _named_texts(file.stem, _load(file), problems)
        for file in sorted(folder.glob("*.toml"))
        if file.stem != _LAYOUT
    }


def load(folder: Path = SOURCE) -> dict[str, dict[str, str]]:
    """Return the named texts of every language; raises TextsError if a file is no table of texts."""
    problems: list[str] = []
    languages = _languages(folder, problems)
    if problems:
        raise TextsError("\n".join(problems))
    return languages


def render(folder: Path = SOURCE) -> dict[str, str]:
    """Return the content of the translation file for each language.

    Raises TextsError if something is missing, unused, unknown, repeated, or differs between languages.
    """
    problems: list[str] = []
    places = _places(_load(folder / f"{_LAYOUT}.toml"), problems)
    languages = _languages(folder, problems)
    english = languages[_ENGLISH]
    _check_english(places, english, problems)
    for language, texts in languages.items():
        if language != _ENGLISH:
            _check_language(language, texts, english, problems)
    _check_twins(languages, problems)
    if problems:
        raise TextsError("\n".join(problems))
    result: dict[str, str] = {}
    for language, texts in languages.items():
        content: dict[str, Any] = {}
        for path, name in places.items():
            table = content
            for key in path[:-1]:
                table = table.setdefault(key, {})
            table[path[-1]] = _filled(name, texts)
        result[language] = json.dumps(content, ensure_ascii=False, indent=2, sort_keys=True) + "\n"
    return result


def main() -> int:
    """Write the files, or say what is wrong and write nothing."""
    try:
        contents = render()
    except TextsError as err:
        print(err, file=sys.stderr)
        return 1
    for language, content in contents.items():
        (TARGET / f"{language}.json").write_text(content, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
