"""The texts use the words of the Home Assistant beside which they are shown."""

from functools import cache
from pathlib import Path
import sys

import pytest

from scripts.lib import terms, texts

PROMISED = {"cs", "da", "de", "en", "es", "fi", "fr", "it", "nb", "nl", "pl", "pt", "sv"}


@cache
def languages() -> dict[str, dict[str, str]]:
    """Return the named texts of every language."""
    return texts.load()


def test_languages_are_those_of_the_readme() -> None:
    assert set(languages()) == PROMISED


# Home Assistant corrects its words in patch releases, and ours follow those that it is tested with.
@pytest.mark.skipif(Path(sys.prefix).name == "venv-oldest", reason="the words of an older release")
@pytest.mark.parametrize("language", sorted(PROMISED))
def test_texts_have_the_words_of_home_assistant(language: str) -> None:
    assert not terms.problems({"en": languages()["en"], language: languages()[language]})


def test_another_word_is_named() -> None:
    """A state and a menu that an owner would not find on the screen are said with what is right."""
    english = {**languages()["en"], "pin.dialog": "See Settings > Devices & services."}
    french = {name: word for name, word in terms.words("fr") if "." in name}
    french |= {"lock.state.locked": "Fermé à clé", "pin.dialog": "Voir Réglages > Appareils."}
    found = terms.problems({"en": {**english}, "fr": french})
    assert "fr.toml: lock.state.locked is 'Fermé à clé', in Home Assistant 'Verrouillé'" in found
    assert (
        "fr.toml: pin.dialog has to say 'Paramètres > Appareils et services' for 'Settings > Devices & services'"
        in found
    )
    assert not [problem for problem in found if "lock.state.unlocked" in problem]
