"""The translation files are current, `scripts/generate-texts` says what is wrong, and the words are those of docs/style.md."""

from collections.abc import Iterator
import json
from pathlib import Path
import re
import tomllib
from typing import Any

import pytest

from scripts.lib import texts

LAYOUT = """
[shared.errors]
busy = "error.busy"

[config]
error._use = ["errors"]
title = "pin.title"

[options]
error._use = ["errors"]
error.failed = "error.failed"
error.other = "pin.title_of_another"
"""
ENGLISH = """
again = "Try again."

[error]
busy = "{name} is busy. [%again%]"
failed = "This did not work. [%again%]"

[pin]
title = "PIN"
title_of_another = "No PIN"
"""
GERMAN = """
again = "Bitte noch einmal."

[error]
busy = "{name} arbeitet noch. [%again%]"
failed = "[%again%] Das hat nicht geklappt."

[pin]
title = "PIN"
title_of_another = "Keine PIN"
"""


@pytest.fixture(name="sources")
def sources_fixture(tmp_path: Path) -> Path:
    """Return a folder with sources that agree."""
    (tmp_path / "layout.toml").write_text(LAYOUT, encoding="utf-8")
    (tmp_path / "en.toml").write_text(ENGLISH, encoding="utf-8")
    (tmp_path / "de.toml").write_text(GERMAN, encoding="utf-8")
    return tmp_path


def test_translations_are_current() -> None:
    """`scripts/generate-texts` writes them anew; there is none without a source."""
    written = {file.stem: file.read_text(encoding="utf-8") for file in texts.TARGET.glob("*.json")}
    rendered = texts.render()
    assert written.keys() == rendered.keys()
    stale = [language for language, content in rendered.items() if written[language] != content]
    assert not stale, "run scripts/generate-texts"


def test_titles_and_menus_fit_on_a_phone() -> None:
    """At 390 px the frontend cuts what needs more than a line: 260 px of repairs, a little more of menus."""
    named = {
        "name": "Front door",
        "rule": "Anna",
        "code": "0x4B",
        "count": "4",
        "expired": "2",
        "guests": "2",
    }
    too_long = [
        (file.stem, text)
        for file in texts.TARGET.glob("*.json")
        for path, words in texts_of(json.loads(file.read_text(encoding="utf-8")))
        if "menu_options" in path or (path[0] == "issues" and path[2:] == ("title",))
        if len(text := words.format(**named)) > 44
    ]
    assert too_long == []


def texts_of(tree: dict[str, Any], path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield the texts of a translation file with their keys."""
    for key, value in tree.items():
        if isinstance(value, dict):
            yield from texts_of(value, (*path, key))
        else:
            yield (*path, key), value


def test_texts_are_put_where_the_layout_says(sources: Path) -> None:
    """Shared tables and references are filled in, and keys are sorted."""
    assert texts.render(sources)["de"] == (
        """\
{
  "config": {
    "error": {
      "busy": "{name} arbeitet noch. Bitte noch einmal."
    },
    "title": "PIN"
  },
  "options": {
    "error": {
      "busy": "{name} arbeitet noch. Bitte noch einmal.",
      "failed": "Bitte noch einmal. Das hat nicht geklappt.",
      "other": "Keine PIN"
    }
  }
}
"""
    )


@pytest.mark.parametrize(
    ("file", "old", "new", "problem"),
    [
        ("de", 'title = "PIN"\n', "", "de.toml: pin.title is missing"),
        ("de", "[pin]", '[pin]\nextra = "Mehr"', "de.toml: pin.extra is not in en.toml"),
        ("de", "{name}", "{who}", "de.toml: error.busy has the placeholders {who}, in English {name}"),
        ("de", "{name}", "Es", "de.toml: error.busy has the placeholders none, in English {name}"),
        ("de", "{name}", "{name", "de.toml: error.busy: expected '}' before end of string"),
        ("de", " [%again%]", "", "de.toml: error.busy does not refer to [%again%], unlike English"),
        ("de", '"PIN"', '"PIN [%again%]"', "de.toml: pin.title refers to [%again%], unlike English"),
        ("de", '"PIN"', '""', "de.toml: pin.title is no text, is empty, or begins or ends with a blank"),
        ("de", '"PIN"', "1", "de.toml: pin.title is no text, is empty, or begins or ends with a blank"),
        ("de", '"PIN"', '" PIN"', "de.toml: pin.title is no text, is empty, or begins or ends with a blank"),
        ("de", '"PIN"', "PIN", "de.toml: Invalid value (at line 9, column 9)"),
        ("de", "[pin]", '[pin]\ntitle = "PIN"', "de.toml: Cannot overwrite a value (at line 10, column 14)"),
        ("en", "[pin]", '[pin]\nextra = "More"', "en.toml: pin.extra is used nowhere"),
        ("en", "{name}", "{name", "en.toml: error.busy: expected '}' before end of string"),
        (
            "en",
            "busy. [%again%]",
            "busy. [%once_more%]",
            "en.toml: error.busy refers to [%once_more%], which does not exist",
        ),
        ("en", "Try again.", "Again: [%error.busy%]", "en.toml: error.busy > again > error.busy is a circle"),
        ("layout", '"pin.title"', '"pin.heading"', "layout.toml: config.title names pin.heading, which is not in en.toml"),
        ("layout", '"pin.title"', "1", "layout.toml: config.title is not the name of a text"),
        ("layout", '"pin.title"', '"pin.title_of_another"', "en.toml: pin.title is used nowhere"),
        (
            "layout",
            '["errors"]\ntitle',
            '["mistakes"]\ntitle',
            "layout.toml: config.error._use names [shared.mistakes], which does not exist",
        ),
        (
            "layout",
            '["errors"]\ntitle',
            '"mistakes"\ntitle',
            "layout.toml: config.error._use names [shared.mistakes], which does not exist",
        ),
        ("layout", "[config]", '[shared.more]\na = "pin.title"\n[config]', "layout.toml: [shared.more] is used nowhere"),
        ("layout", "error.failed", "error.busy", "layout.toml: options.error.busy is set twice"),
        (
            "layout",
            "error.failed",
            "error.busy.failed",
            "layout.toml: options.error.busy is a text, and options.error.busy.failed lies in it",
        ),
    ],
)  # fmt: skip
def test_problems_are_named(sources: Path, file: str, old: str, new: str, problem: str) -> None:
    """Whatever is missing, unused, unknown or different is said with the file and the name."""
    path = sources / f"{file}.toml"
    content = path.read_text(encoding="utf-8")
    assert old in content
    path.write_text(content.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(texts.TextsError) as error:
        texts.render(sources)
    assert problem in str(error.value).splitlines()


def test_every_problem_is_said_at_once(sources: Path) -> None:
    (sources / "de.toml").write_text("", encoding="utf-8")
    with pytest.raises(texts.TextsError) as error:
        texts.render(sources)
    assert len(str(error.value).splitlines()) == 5


def test_languages_have_the_order_of_english(sources: Path) -> None:
    """Two files can be read side by side."""
    title, another = 'title = "PIN"\n', 'title_of_another = "Keine PIN"\n'
    (sources / "de.toml").write_text(GERMAN.replace(title + another, another + title), encoding="utf-8")
    with pytest.raises(texts.TextsError) as error:
        texts.render(sources)
    assert str(error.value) == "de.toml: pin.title_of_another does not stand where it stands in en.toml"


def test_a_pair_may_differ_in_one_language_alone(sources: Path) -> None:
    """Words that only one language tells apart are two texts; those that no language does are one."""
    english = sources / "en.toml"
    english.write_text(ENGLISH.replace("No PIN", "PIN"), encoding="utf-8")
    assert '"title": "PIN"' in texts.render(sources)["en"]
    (sources / "de.toml").write_text(GERMAN.replace("Keine PIN", "PIN"), encoding="utf-8")
    with pytest.raises(texts.TextsError) as error:
        texts.render(sources)
    assert str(error.value) == (
        "pin.title and pin.title_of_another are the same in every language: one is enough"
    )


def test_no_sentence_stands_twice(sources: Path) -> None:
    """Neither at the end of a text nor in a list; short ones may."""
    sentence = "The bolt moves while the lock does so."
    for words in ("Nothing happened.", sentence):
        (sources / "en.toml").write_text(
            ENGLISH.replace('"This did not work. [%again%]"', f'"[%again%] {words}"').replace(
                '"No PIN"', f'"""\nNo PIN:\n\n1. Look.\n2. {words}"""'
            ),
            encoding="utf-8",
        )
        if words != sentence:
            texts.render(sources)
    with pytest.raises(texts.TextsError) as error:
        texts.render(sources)
    assert str(error.value) == (
        f"en.toml: error.failed and pin.title_of_another both say '{sentence}': "
        "make it a text of its own and refer to it"
    )


# Words and phrases that no owner should read, each with what to write instead; docs/style.md has the glossary.
FORBIDDEN = {
    r"anew": "again",
    r"as ever": "as usual",
    r"as far as known": "as far as is known",
    r"br(?:eaks?|oke|oken) off": "was lost",
    r"by itself": "automatically",
    r"changes? of (?:the )?batter(?:y|ies)": "battery change",
    r"for good": "permanently",
    r"g(?:ives?|iven|ave) up": "discard",
    r"hears?|heard": "receive, detect, in range or no signal",
    r"is no (?:fault|IRK|UUID)": "is not a",
    r"known to be right": "verified",
    r"knows? Home Assistant": "recognizes Home Assistant",
    r"lets? go|let again": "disconnect",
    r"ma(?:k|d)es? room": "free up space",
    r"meanwhile": "in the meantime",
    r"mend(?:s|ed)?": "fix",
    r"no repeated commands": "do not repeat commands",
    r"not surely": "not for certain",
    r"of use": "useful",
    r"of which generation": "its generation",
    r"puts? back": "restore",
    r"(?:a|each|every|failed|last|later|no|of the|positioning|several|the|two) runs?": "movement",
    r"so (?:long|many)": "this long, this many",
    r"some ?body": "someone",
    r"stands": "is",
    r"switch(?:ed|es|ing)? (?:it |them |this )?o(?:n|ff)": "turn on, turn off",
    r"polls?": "read",
    r"takes? away": "remove, delete",
    r"tells? (?:of|Home Assistant)|told": "report",
    r"the Nuki support": "Nuki support",
    r"the vendor": "Nuki",
    r"th(?:row|rows|rown|rew) out": "remove",
    r"who(?:m|se)?ever": "anyone who",
}
# The same for German, which says "du".
FORBIDDEN_IN_GERMAN = {
    r"Freiwillig": "Optional",
    r"Funkverlängerung": "Relay-Angriff",
    r"(?-i:Ihnen|Ihre[mnrs])": "du, dein",
    r"hinausgeworfen|rausgeworfen": "entfernt",
    r"zurückschreib\w*|zurückgeschrieben\w*|zurückbring\w*": "wiederherstellen",
    r"der Hersteller|den Hersteller": "Nuki",
}
# Texts that still use them; none may be added.
NOT_YET_REWORDED: tuple[str, ...] = ()
ROOT = Path(__file__).parent.parent
FOR_OWNERS = (
    ROOT / "README.md",
    *sorted((ROOT / "blueprints").rglob("*.yaml")),
    *(
        ROOT / "docs" / f"{page}.md"
        for page in ("auto-unlock", "faults", "people", "reference", "settings", "wear")
    ),
)


def violations(text: str, forbidden: dict[str, str]) -> list[str]:
    """Return each forbidden phrase in a text, with what to write instead."""
    return [
        f"“{match.group()}”: {instead}"
        for phrase, instead in forbidden.items()
        for match in re.finditer(rf"\b(?:{phrase})\b", text, re.IGNORECASE)
    ]


def leaves(table: dict[str, Any], above: str = "") -> Iterator[tuple[str, str]]:
    """Yield each text of a table of tables, with its name."""
    for key, value in table.items():
        if isinstance(value, dict):
            yield from leaves(value, f"{above}{key}.")
        else:
            yield f"{above}{key}", value


def test_forbidden_phrases_are_found() -> None:
    found = violations("Whoever let go of it: the lock tells of a fault anew, as hearsay has it.", FORBIDDEN)
    assert found == [
        "“anew”: again",
        "“let go”: disconnect",
        "“tells of”: report",
        "“Whoever”: anyone who",
    ]


@pytest.mark.parametrize(("language", "forbidden"), [("en", FORBIDDEN), ("de", FORBIDDEN_IN_GERMAN)])
def test_texts_have_the_words_of_the_glossary(language: str, forbidden: dict[str, str]) -> None:
    """docs/style.md says how owners are spoken to."""
    source = tomllib.loads((texts.SOURCE / f"{language}.toml").read_text(encoding="utf-8"))
    wrong = [
        f"{name}: {violation}"
        for name, text in leaves(source)
        if not name.startswith(NOT_YET_REWORDED)
        for violation in violations(text, forbidden)
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("page", FOR_OWNERS, ids=lambda page: str(page.relative_to(ROOT)))
def test_pages_for_owners_have_the_words_of_the_glossary(page: Path) -> None:
    wrong = [
        f"{page.name}:{number}: {violation}"
        for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), 1)
        for violation in violations(line, FORBIDDEN)
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("language", sorted(file.stem for file in texts.TARGET.glob("*.json")))
@pytest.mark.parametrize("section", ["entity", "exceptions", "services"])
def test_no_markdown_where_it_is_not_rendered(language: str, section: str) -> None:
    """Home Assistant shows names, error messages and actions as plain text."""
    shown = json.loads((texts.TARGET / f"{language}.json").read_text(encoding="utf-8"))[section]
    marked = [f"{section}.{name}" for name, text in leaves(shown) if "**" in text or re.search(r"\*\w", text)]
    assert not marked


@pytest.mark.parametrize("translation", sorted(texts.TARGET.glob("*.json")), ids=lambda file: file.stem)
def test_the_fault_is_named_where_a_phone_cuts_the_title(translation: Path) -> None:
    """Whose app shows 4B looks for it in the list of repairs, which shows some 43 letters."""
    issues = json.loads(translation.read_text(encoding="utf-8"))["issues"]
    title = issues["fault_clutch_power_failure"]["title"].format(name="Porte d'entrée")
    assert "4B" in title[:43], title
