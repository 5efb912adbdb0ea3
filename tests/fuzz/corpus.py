"""Writes the seeds of the corpus from the published bytes."""

import hashlib
from pathlib import Path

from custom_components.smartlock.protocol.enums import Command
from tests.vectors import VECTORS

CORPUS = Path(__file__).with_name("corpus")


def seeds() -> list[bytes]:
    """Return one input for each way in and each vector that fits it."""
    found: list[bytes] = []
    for vector in VECTORS.values():
        message = bytes.fromhex(vector.get("message", ""))
        if vector["kind"] in ("plain_message", "hmac_message"):
            found += [bytes([way, cut]) + message for way in (1, 2, 3) for cut in (20, 255)]
        elif vector["kind"] == "encrypted_message":
            found += [bytes([way, 20]) + message for way in (0, 3)]
        elif "payload" in vector and "command" in vector:
            command = Command(int(vector["command"], 16)).to_bytes(2, "little")
            found += [bytes([way, 20]) + command + bytes.fromhex(vector["payload"]) for way in (4, 5, 6, 12)]
        elif "manufacturer_data" in vector:
            found.append(b"\x07\x00" + bytes.fromhex(vector["manufacturer_data"]))
    return found


def write() -> None:
    """Write the seeds under the hash of their content, as libFuzzer does."""
    CORPUS.mkdir(exist_ok=True)
    for seed in seeds():
        (CORPUS / hashlib.sha1(seed, usedforsecurity=False).hexdigest()).write_bytes(seed)


if __name__ == "__main__":
    write()
