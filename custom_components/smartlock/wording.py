"""Words in Home Assistant's language, and the punctuation of that language between them."""

from collections.abc import Iterable
from functools import reduce

from homeassistant.core import HomeAssistant
from homeassistant.helpers.translation import async_get_cached_translations

from custom_components.smartlock.const import DOMAIN

# What stands for the punctuation of a language whose texts are not loaded.
_PLAIN = {"quoted": "“{text}”", "labelled": "{label}: {text}", "series": "{first}, {then}"}


def word(hass: HomeAssistant, table: str, key: str) -> str:
    """Return a text of a selector's table; the key itself if there is no such text, or none is loaded yet."""
    texts = async_get_cached_translations(hass, hass.config.language, "selector", DOMAIN)
    return texts.get(f"component.{DOMAIN}.selector.{table}.options.{key}", key)


def _pattern(hass: HomeAssistant, key: str) -> str:
    text = word(hass, "punctuation", key)
    return _PLAIN[key] if text == key else text


def quoted(hass: HomeAssistant, text: str) -> str:
    """Return a text in quotation marks."""
    return _pattern(hass, "quoted").format(text=text)


def labelled(hass: HomeAssistant, label: str, text: str) -> str:
    """Return a text behind what it is about, such as "Name: text"."""
    return _pattern(hass, "labelled").format(label=label, text=text)


def series(hass: HomeAssistant, parts: Iterable[str]) -> str:
    """Return words in one line, such as "first, second, third", without those that are empty."""
    pattern, words = _pattern(hass, "series"), [part for part in parts if part]
    return reduce(lambda first, then: pattern.format(first=first, then=then), words) if words else ""
