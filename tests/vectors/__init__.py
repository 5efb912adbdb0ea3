"""Published bytes: what the vendor's document prints and what real devices sent, each with its source."""

import json
from pathlib import Path
from typing import Any

_FILE = Path(__file__).with_name("protocol-vectors.json")

VECTORS: dict[str, dict[str, Any]] = {
    vector["id"]: vector for vector in json.loads(_FILE.read_text(encoding="utf-8"))["vectors"]
}


def vector_bytes(vector_id: str, key: str) -> bytes:
    """Return one hexadecimal value of a vector."""
    return bytes.fromhex(VECTORS[vector_id][key])
