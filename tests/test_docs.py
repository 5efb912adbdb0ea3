"""Generated documents are current."""

from pathlib import Path

import pytest

from custom_components.smartlock.faults.issues import SEVERITIES
from scripts.lib import faults_docs, protocol_docs


@pytest.mark.parametrize("document", [protocol_docs, faults_docs], ids=["protocol", "faults"])
def test_document_is_current(document: object) -> None:
    """`scripts/generate-docs` writes it anew."""
    target: Path = document.TARGET  # type: ignore[attr-defined]
    assert target.read_text(encoding="utf-8") == document.render()  # type: ignore[attr-defined]


def test_every_fault_has_its_place() -> None:
    """The repairs point there."""
    text = faults_docs.TARGET.read_text(encoding="utf-8")
    for place in (*SEVERITIES, "batteries"):
        assert text.count(f'<a id="{place}"></a>') == 1
