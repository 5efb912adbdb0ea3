"""What the lock of a demo remembers until the next one, as a real lock does without power."""

import json
from pathlib import Path
from typing import Any

from custom_components.smartlock.protocol.enums import AuthorizationIdType
from custom_components.smartlock.protocol.messages import TimeLimit
from simulator.lock.accessories import Accessory
from simulator.virtual_lock import VirtualLock

__all__ = ["memorize", "remember"]


def memorize(lock: VirtualLock, file: Path) -> None:
    """Write who has paired, and which codes there are."""
    authorizations = [
        {
            "shared_key": entry.session.shared_key.hex(),
            "authorization_id": entry.session.authorization_id,
            "app_id": entry.app_id,
            "id_type": entry.id_type,
            "name": entry.name,
        }
        for entry in lock.authorizations
    ]
    codes = [
        {
            "code": code.code,
            "name": code.name,
            "limit": code.limit.pack().hex() if code.time_limited else None,
            "paused": not code.enabled,
        }
        for code in lock.keypad_codes
    ]
    memory = {
        "authorizations": authorizations,
        "accessories": sorted(lock.accessories.paired),
        "codes": codes,
    }
    file.write_text(json.dumps(memory), encoding="utf-8")


def remember(lock: VirtualLock, file: Path) -> bool:
    """Read what `memorize` wrote, and return whether it did."""
    if not file.exists():
        return False
    memory: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    for entry in memory["authorizations"]:
        key = bytes.fromhex(entry.pop("shared_key"))
        id_type = AuthorizationIdType(entry.pop("id_type"))
        lock.authorizations.add(key, id_type=id_type, **entry)
    lock.accessories.paired.update(Accessory(name) for name in memory["accessories"])
    for code in memory["codes"]:
        limit = code["limit"] and TimeLimit.unpack(bytes.fromhex(code["limit"]))
        code_id = lock.add_code(code["code"], code["name"], limit)
        lock.pause_code(code_id, paused=code["paused"])
    return True
