"""The translation files are current, and `scripts/generate-texts` says what is wrong with its sources."""

from pathlib import Path

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
