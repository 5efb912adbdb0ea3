"""Words of the pairing dialog that depend on the lock, and the picture of its button."""

from base64 import b64encode
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from homeassistant.components import bluetooth
from homeassistant.core import HomeAssistant
from homeassistant.helpers.translation import async_get_translations

from custom_components.smartlock.const import DOMAIN
from custom_components.smartlock.link.reachability import WEAK_SIGNAL
from custom_components.smartlock.protocol.dialects import Dialect
from custom_components.smartlock.wording import series, word

# Within a few metres of an adapter or proxy, in the same room.
_STRONG_SIGNAL = -65

_PICTURES = Path(__file__).parent / "pictures"


class PairingWords:
    """The texts in Home Assistant's language. An integration without an entry has none loaded yet."""

    def __init__(self, hass: HomeAssistant, errors: Mapping[str, str], pictures: Mapping[str, str]) -> None:
        """Take errors by their full keys, and pictures by the name of their file; use `load`."""
        self._hass = hass
        self._errors = errors
        self._pictures = pictures

    @classmethod
    async def load(cls, hass: HomeAssistant) -> Self:
        """Load what the dialog may need."""
        language = hass.config.language
        # From now on these are found as those of any integration that is set up.
        await async_get_translations(hass, language, "selector", [DOMAIN])
        errors = await async_get_translations(hass, language, "config", [DOMAIN])
        return cls(hass, errors, await hass.async_add_executor_job(_read_pictures))

    def about(self, dialect: Dialect | None, rssi: int | None) -> str:
        """Return what tells one lock from another: its generation, if known, and how well it is received."""
        words = [] if dialect is None else [self._text("generation", dialect.name.replace("-", "_"))]
        if rssi is not None:
            words.append(self.signal(rssi))
        return series(self._hass, words)

    def signal(self, rssi: int) -> str:
        """Return how good a signal in dBm is."""
        return self._text(
            "signal", "strong" if rssi >= _STRONG_SIGNAL else "weak" if rssi < WEAK_SIGNAL else "good"
        )

    def error(self, key: str) -> str:
        """Return the text of an error of the dialog."""
        return self._errors.get(f"component.{DOMAIN}.config.error.{key}", key)

    def picture(self, dialect: Dialect) -> str:
        """Return the picture of the button, in Markdown. The frontend lets `src` pass, and nothing else."""
        return f'<img src="data:image/svg+xml;base64,{self._pictures[dialect.name]}">'

    def _text(self, table: str, key: str) -> str:
        return word(self._hass, table, key)


def _read_pictures() -> dict[str, str]:
    return {path.stem: b64encode(path.read_bytes()).decode("ascii") for path in _PICTURES.glob("*.svg")}


def signal_of(hass: HomeAssistant, address: str) -> int | None:
    """Return the signal of a lock in dBm at the best receiver that can connect; None if it is not received."""
    info = bluetooth.async_last_service_info(hass, address, connectable=True)
    return None if info is None else info.rssi
