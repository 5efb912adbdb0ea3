"""Signals as pictures: bars on one scale, which Home Assistant's Markdown shows as images.

They contain no words: those around them are in the language of the reader. The colours are readable on
light and on dark themes.
"""

import base64

from custom_components.smartlock.auto_unlock.calibration import STRONGEST, WEAKEST

_WIDTH, _HEIGHT = 180, 24
_EMPTY, _LINE = "#80808055", "#e8590c"
NEAR, FAR = "#2f9e44", "#1c7ed6"


def bar(level: float, color: str, threshold: float | None = None) -> str:
    """Return a bar for a signal in dBm, with a line at the threshold, as Markdown."""
    parts = [_rectangle(0, _WIDTH, _EMPTY), _rectangle(0, _at(level), color)]
    if threshold is not None:
        parts.append(_rectangle(_at(threshold) - 1.5, 3, _LINE))
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{_HEIGHT}">{"".join(parts)}</svg>'
    )
    code = base64.b64encode(svg.encode()).decode()
    return f"![{round(level)} dBm](data:image/svg+xml;base64,{code})"


def _at(level: float) -> float:
    part = (level - WEAKEST) / (STRONGEST - WEAKEST)
    return round(min(1.0, max(0.02, part)) * _WIDTH, 1)


def _rectangle(x: float, width: float, color: str) -> str:
    return f'<rect x="{x}" y="4" width="{width}" height="{_HEIGHT - 8}" rx="2" fill="{color}"/>'
