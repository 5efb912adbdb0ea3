"""Compares the words of texts/ with those of the Home Assistant that is installed, in each language.

An owner reads both on one page: a lock that Home Assistant shows as *Verrouillé* must not be *Fermé à clé* a line below, and
a text that names a menu must name it as it stands on the screen.
"""

from collections.abc import Iterator, Mapping
from functools import cache
from importlib.util import find_spec
import json
from pathlib import Path
import sys

from scripts.lib import texts

# Our text, and the place of Home Assistant's in homeassistant/components/*/translations.
_SAME = {
    "lock.action.lock": "lock.device_automation.action_type.lock",
    "lock.action.unlock": "lock.device_automation.action_type.unlock",
    "lock.state.locked": "lock.entity_component._.state.locked",
    "lock.state.locking": "lock.entity_component._.state.locking",
    "lock.state.unlocked": "lock.entity_component._.state.unlocked",
    "lock.state.unlocking": "lock.entity_component._.state.unlocking",
    "lock.door": "binary_sensor.entity_component.door.name",
    "battery.charge": "sensor.entity_component.battery.name",
}
# What English says, and the texts of the frontend that have to stand there in the other languages.
_NAMED = {
    "Settings > System > Repairs": (
        "panel.config",
        "ui.panel.config.dashboard.system.main",
        "ui.panel.config.repairs.caption",
    ),
    "Settings > Devices & services": ("panel.config", "ui.panel.config.dashboard.devices.main"),
    "Repairs": ("ui.panel.config.repairs.caption",),
    "*Edit dashboard*": ("ui.panel.lovelace.menu.configure_ui",),
    "*Edit in YAML*": ("ui.panel.lovelace.editor.edit_view.edit_yaml",),
    "*Reconfigure*": ("ui.panel.config.integrations.config_entry.reconfigure",),
    "Submit": ("ui.common.submit",),
}
# Where Home Assistant's own word is not the right one.
_OWN_WORDS = {
    # German owners know zusperren and aufsperren from the Nuki app and from their neighbours; Home Assistant's verriegeln
    # is what a bolt does.
    "de": {name for name in _SAME if name.startswith(("lock.action", "lock.state"))},
    # Auki and Avataan also say that the door is open or opening, which a lock does with its latch.
    "fi": {"lock.state.unlocked", "lock.state.unlocking"},
    # Låse is the infinitive; what the lock is doing is Låser, as Home Assistant says Låser opp.
    "nb": {"lock.state.locking"},
}


def _package(name: str) -> Path:
    """Return the folder of an installed package; raises ModuleNotFoundError."""
    spec = find_spec(name)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(name)
    return Path(spec.origin).parent


@cache
def _component(component: str, language: str) -> dict[str, object]:
    """Return the translation file of a core integration."""
    file = _package("homeassistant") / "components" / component / "translations" / f"{language}.json"
    content: dict[str, object] = json.loads(file.read_text(encoding="utf-8"))
    return content


@cache
def _frontend(language: str) -> dict[str, str]:
    """Return the texts of the frontend, of its settings, and of its dashboards."""
    folder = _package("hass_frontend") / "static" / "translations"
    found: dict[str, str] = {}
    for part in (folder, folder / "config", folder / "lovelace"):
        for file in part.glob(f"{language}-[0-9a-f]*.json"):
            found |= json.loads(file.read_text(encoding="utf-8"))
    return found


def _word(place: str, language: str) -> str:
    """Return a word of a core integration, without the entity's name that it may stand beside; raises KeyError."""
    component, *path = place.split(".")
    table: object = _component(component, language)
    for key in path:
        if not isinstance(table, dict):
            raise KeyError(place)
        table = table[key]
    return " ".join(str(table).replace("{entity_name}", "").split())


def words(language: str) -> Iterator[tuple[str, str]]:
    """Yield what a language has to say in Home Assistant's words: our text or English phrase, and the words."""
    for name, place in _SAME.items():
        if name not in _OWN_WORDS.get(language, ()):
            yield name, _word(place, language)
    for phrase, places in _NAMED.items():
        yield phrase, " > ".join(_frontend(language)[place] for place in places)


def problems(languages: Mapping[str, Mapping[str, str]]) -> list[str]:
    """Return a line for each text that does not use Home Assistant's words, by the named texts of each language."""
    english = languages["en"]
    found: list[str] = []
    for language, ours in languages.items():
        for subject, word in words(language):
            if subject in _SAME:
                if ours.get(subject, "").casefold() != word.casefold():
                    found.append(
                        f"{language}.toml: {subject} is {ours.get(subject)!r}, in Home Assistant {word!r}"
                    )
                continue
            found += [
                f"{language}.toml: {name} has to say {word!r} for {subject!r}"
                for name, text in english.items()
                if subject in text and word.casefold() not in ours.get(name, "").casefold()
            ]
    return found


def main() -> int:
    """Print Home Assistant's words of the languages that are named, or all that is wrong in all of texts/."""
    if sys.argv[1:]:
        for language in sys.argv[1:]:
            print(f"[{language}]", *(f"{subject}: {word}" for subject, word in words(language)), sep="\n")
        return 0
    try:
        found = problems(texts.load())
    except texts.TextsError as err:
        found = [str(err)]
    print(*found, sep="\n", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
