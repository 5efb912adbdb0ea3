"""Generated documents are current."""

from scripts.lib.protocol_docs import TARGET, render


def test_protocol_tables_are_current() -> None:
    """`scripts/generate-docs` writes them anew."""
    assert TARGET.read_text(encoding="utf-8") == render()
