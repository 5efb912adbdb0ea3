"""Words in Home Assistant's language, and the punctuation of that language between them."""

from collections.abc import Iterable
from functools import reduce

from homeassistant.core import HomeAssistant
from homeassistant.helpers.translation import async_get_cached_translations

from custom_components.smartlock.const import DOMAIN

_PUNCTUATION = "punctuation"


def word(hass: HomeAssistant, table: str, key: str) -> str:
    """Return a text of a selector's table; the key itself if there is no such text, or none is loaded yet."""
    texts = async_get_cached_translations(hass, hass.config.language, "selector", DOMAIN)
    return texts.get(f"component.{DOMAIN}.selector.{table}.options.{key}", key)


def quoted(hass: HomeAssistant, text: str) -> str:
    """Return a text in quotation marks."""
    return word(hass, _PUNCTUATION, "quoted").format(text=text)


def labelled(hass: HomeAssistant, label: str, text: str) -> str:
    """Return a text behind what it is about, such as "Name: text"."""
    return word(hass, _PUNCTUATION, "labelled").format(label=label, text=text)


def series(hass: HomeAssistant, parts: Iterable[str]) -> str:
    """Return words in one line, such as "first, second, third", without those that are empty."""
    pattern, words = word(hass, _PUNCTUATION, "series"), [part for part in parts if part]
    return reduce(lambda first, then: pattern.format(first=first, then=then), words) if words else ""
