"""A client made of bytes: every frame is put together here, so that the virtual lock is judged from outside."""

import asyncio
from binascii import crc_hqx
from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime, timedelta
import hashlib
import hmac
import random
import struct
from types import MappingProxyType
from typing import NamedTuple

from nacl import bindings

from custom_components.smartlock.protocol.enums import Command, ErrorCode
from simulator.gatt import DisconnectReason
from simulator.virtual_lock import Model, Timing, VirtualLock

NUKI_ID = 0x33C335C5
APP_ID = 0x11223344
PIN = 1234
ULTRA_PIN = 123456

BASE = "-5501-11e4-916c-0800200c9a66"
PAIRING = {
    "gen2": f"a92ee101{BASE}",
    "gen3": f"a92ee101{BASE}",
    "gen4": f"a92ee101{BASE}",
    "ultra": f"a92ee301{BASE}",
}
GDIO = f"a92ee201{BASE}"
USDIO = f"a92ee202{BASE}"

COMPLETE, ACCEPTED = b"\x00", b"\x01"


class Answer(NamedTuple):
    """A message of the lock."""

    command: Command
    payload: bytes

    @property
    def error(self) -> ErrorCode | None:
        """Code of an Error Report."""
        return ErrorCode(self.payload[0]) if self.command == Command.ERROR_REPORT else None


def crc(data: bytes) -> bytes:
    return struct.pack("<H", crc_hqx(data, 0xFFFF))


def plain(command: int, payload: bytes = b"") -> bytes:
    body = struct.pack("<H", command) + payload
    return body + crc(body)


def sealed(key: bytes, nonce: bytes, authorization_id: bytes, command: int, payload: bytes = b"") -> bytes:
    pdata = authorization_id + struct.pack("<H", command) + payload
    return seal(key, nonce, authorization_id, pdata + crc(pdata))


def seal(key: bytes, nonce: bytes, authorization_id: bytes, pdata: bytes) -> bytes:
    box = bindings.crypto_secretbox(pdata, nonce, key)
    return nonce + authorization_id + struct.pack("<H", len(box)) + box


def unseal(key: bytes, frame: bytes) -> tuple[bytes, Answer]:
    """Return the authorization id in clear and the message; every check of the frame is made."""
    nonce, authorization_id, length = frame[:24], frame[24:28], struct.unpack_from("<H", frame, 28)[0]
    assert len(frame) == 30 + length
    pdata = bindings.crypto_secretbox_open(frame[30:], nonce, key)
    assert pdata[:4] == authorization_id
    assert crc(pdata[:-2]) == pdata[-2:]
    return authorization_id, Answer(Command(struct.unpack_from("<H", pdata, 4)[0]), pdata[6:-2])


def unplain(frame: bytes) -> Answer:
    assert crc(frame[:-2]) == frame[-2:]
    return Answer(Command(struct.unpack_from("<H", frame)[0]), frame[2:-2])


def mac(key: bytes, *parts: bytes) -> bytes:
    return hmac.digest(key, b"".join(parts), hashlib.sha256)


class HandClient:
    """One central with one identity."""

    def __init__(self, lock: VirtualLock, *, app_id: int = APP_ID, seed: int = 1) -> None:
        self.lock = lock
        self.app_id = app_id
        self.pairing_gdio = PAIRING[lock.model.name]
        self.key = b""
        self.authorization_id = b""
        self.uuid = b""
        """Of the lock, as it told at pairing."""
        self.disconnects: list[DisconnectReason] = []
        self.chunks: list[tuple[str, bytes]] = []
        self._random = random.Random(seed)
        self._handles = {
            entry.uuid: entry.handle for service in lock.services for entry in service.characteristics
        }
        self._uuids = {handle: uuid for uuid, handle in self._handles.items()}
        self._queues: dict[str, asyncio.Queue[bytes]] = defaultdict(asyncio.Queue)

    # --- Link ---------------------------------------------------------------------------------------------

    async def connect(self, *, mtu: int = 517, listen: bool = True) -> HandClient:
        """Connect and, unless told otherwise, listen to everything that indicates."""
        self._queues.clear()
        self.link = self.lock.connect(
            mtu=mtu, on_indication=self._on_indication, on_disconnect=self.disconnects.append
        )
        for uuid in (self.pairing_gdio, GDIO, USDIO) if listen else ():
            await self.listen(uuid)
        return self

    async def listen(self, uuid: str, *, enabled: bool = True) -> None:
        await self.link.set_indications(self._handles[uuid], enabled=enabled)

    async def write(self, uuid: str, value: bytes) -> None:
        await self.link.write(self._handles[uuid], value)

    async def read(self, uuid: str) -> bytes:
        return await self.link.read(self._handles[uuid])

    def _on_indication(self, handle: int, value: bytes) -> None:
        self.chunks.append((self._uuids[handle], value))
        self._queues[self._uuids[handle]].put_nowait(value)

    async def hear(self, uuid: str, within: float = 1.0) -> bytes:
        """Return the next indication; fail if none comes within so many seconds."""
        async with asyncio.timeout(within):
            return await self._queues[uuid].get()

    async def hears_nothing(self, uuid: str = USDIO, seconds: float = 15.0) -> bool:
        """Return whether nothing comes for so long."""
        await asyncio.sleep(seconds)
        return self._queues[uuid].empty()

    def forget(self) -> None:
        """Forget what came and was not looked at."""
        self._queues.clear()

    # --- Pairing ------------------------------------------------------------------------------------------

    async def ask_plain(self, command: int, payload: bytes = b"") -> Answer:
        """Send a plain message on the pairing GDIO and return the answer, whole."""
        await self.write(self.pairing_gdio, plain(command, payload))
        frame = await self.hear(self.pairing_gdio)
        while crc(frame[:-2]) != frame[-2:]:
            frame += await self.hear(self.pairing_gdio)
        return unplain(frame)

    async def begin_pairing(self) -> Answer:
        """Exchange keys and prove to have derived the shared one; return the answer to the proof."""
        private = self._random.randbytes(32)
        self.public = bindings.crypto_scalarmult_base(private)
        answer = await self.ask_plain(Command.REQUEST_DATA, b"\x03\x00")
        assert answer.command == Command.PUBLIC_KEY
        self.lock_public = answer.payload
        self.key = bindings.crypto_box_beforenm(self.lock_public, private)
        answer = await self.ask_plain(Command.PUBLIC_KEY, self.public)
        assert answer.command == Command.CHALLENGE
        proof = mac(self.key, self.public, self.lock_public, answer.payload)
        return await self.ask_plain(Command.AUTHORIZATION_AUTHENTICATOR, proof)

    def authorization_data(self, challenge: bytes, *, id_type: int = 0, name: bytes = b"hand") -> bytes:
        """Return the payload of Authorization Data of generations 1 to 4."""
        self.nonce = self._random.randbytes(32)
        body = bytes([id_type]) + struct.pack("<I", self.app_id) + name.ljust(32, b"\0") + self.nonce
        return mac(self.key, body, challenge) + body

    async def ask_sealed(self, payload: bytes, *, authorization_id: bytes = b"\xff\xff\xff\x7f") -> bytes:
        """Send Authorization Data of the fifth generation and return the frame that answers."""
        frame = sealed(
            self.key, self._random.randbytes(24), authorization_id, Command.AUTHORIZATION_DATA, payload
        )
        await self.write(self.pairing_gdio, frame)
        return await self.hear(self.pairing_gdio)

    def data_with_pin(self, pin: int = ULTRA_PIN) -> bytes:
        """Return the payload of Authorization Data of the fifth generation."""
        return struct.pack("<I32sI", self.app_id, b"hand", pin)

    async def pair(self, *, id_type: int = 0) -> Answer:
        """Pair in the way of the lock's generation; return the last answer, be it an error."""
        self.lock.enter_pairing_mode()
        answer = await self.begin_pairing()
        if self.lock.model.name == "ultra":
            assert answer == (Command.AUTHORIZATION_INFO, b"\x01")
            authorization_id, answer = unseal(self.key, await self.ask_sealed(self.data_with_pin()))
            assert authorization_id == b"\xff\xff\xff\x7f"
            self.authorization_id, self.uuid = answer.payload[:4], answer.payload[4:20]
            return answer
        assert answer.command == Command.CHALLENGE
        data = self.authorization_data(answer.payload, id_type=id_type)
        answer = await self.ask_plain(Command.AUTHORIZATION_DATA, data)
        if answer.error is not None:
            return answer
        authenticator, authorization_id, uuid, challenge = struct.unpack("<32s4s16s32s", answer.payload)
        assert authenticator == mac(self.key, authorization_id, uuid, challenge, self.nonce)
        self.authorization_id, self.uuid = authorization_id, uuid
        proof = mac(self.key, authorization_id, challenge)
        return await self.ask_plain(Command.AUTHORIZATION_ID_CONFIRMATION, proof + authorization_id)

    # --- Requests -----------------------------------------------------------------------------------------

    def sealed(self, command: int, payload: bytes = b"") -> bytes:
        """Return an encrypted frame of this client."""
        return sealed(self.key, self._random.randbytes(24), self.authorization_id, command, payload)

    async def send(self, command: int, payload: bytes = b"") -> None:
        await self.write(USDIO, self.sealed(command, payload))

    async def answer(self, within: float = 1.0) -> Answer:
        """Return the next encrypted message, whole."""
        frame = await self.hear(USDIO, within)
        while len(frame) < 30 or len(frame) < 30 + struct.unpack_from("<H", frame, 28)[0]:
            frame += await self.hear(USDIO, within)
        authorization_id, answer = unseal(self.key, frame)
        assert authorization_id == self.authorization_id
        return answer

    async def ask(self, command: int, payload: bytes = b"") -> Answer:
        await self.send(command, payload)
        return await self.answer()

    async def refused(self) -> Answer:
        """Return the next plain message on the Keyturner GDIO."""
        return unplain(await self.hear(GDIO))

    async def request(self, requested: int) -> Answer:
        """Request Data."""
        return await self.ask(Command.REQUEST_DATA, struct.pack("<H", requested))

    async def challenge(self) -> bytes:
        answer = await self.request(Command.CHALLENGE)
        assert answer.command == Command.CHALLENGE
        return answer.payload[:32]

    async def states(self) -> bytes:
        """Return the payload of Keyturner States."""
        answer = await self.request(Command.KEYTURNER_STATES)
        assert answer.command == Command.KEYTURNER_STATES
        return answer.payload

    async def prove(self, command: int, fields: bytes = b"", pin: bytes = b"") -> Answer:
        """Fetch a challenge and send a request with it."""
        return await self.ask(command, fields + await self.challenge() + pin)

    @property
    def pin(self) -> bytes:
        """The right PIN in the size of the generation."""
        if self.lock.model.name == "ultra":
            return struct.pack("<I", ULTRA_PIN)
        return struct.pack("<H", PIN)

    async def order(self, command: int, fields: bytes = b"") -> Answer:
        """Send a request with challenge and PIN; return the first answer that is no pushed state."""
        answer = await self.prove(command, fields, self.pin)
        while answer.command == Command.KEYTURNER_STATES:
            answer = await self.answer()
        return answer

    async def collect(self, command: int, fields: bytes = b"") -> list[Answer]:
        """Send a request with challenge and PIN; return the answers up to the last, without COMPLETE."""
        answers = [await self.order(command, fields)]
        while not ends_action(answers[-1]):
            answers.append(await self.answer())
        return [answer for answer in answers if answer.command != Command.STATUS]

    def action(self, action: int, *, flags: int = 0, suffix: bytes | None = None) -> bytes:
        """Return the fields of a Lock Action."""
        fields = struct.pack("<BIB", action, self.app_id, flags)
        return fields if suffix is None else fields + suffix.ljust(20, b"\0")

    async def act(self, action: int, *, flags: int = 0, within: float = 60.0) -> list[Answer]:
        """Order a Lock Action and return everything until it has ended."""
        answers = [await self.prove(Command.LOCK_ACTION, self.action(action, flags=flags))]
        while not ends_action(answers[-1]):
            answers.append(await self.answer(within))
        return answers


def ends_action(answer: Answer) -> bool:
    """Return whether a message is the last one of an action."""
    if answer.command == Command.STATUS:
        return answer.payload.startswith(COMPLETE)
    return answer.command == Command.ERROR_REPORT


def story(answers: list[Answer]) -> list[str]:
    """Return what an action looked like: `accepted`, the lock states, `complete` or the name of the error."""
    words = []
    for answer in answers:
        if answer.command == Command.KEYTURNER_STATES:
            words.append(f"state {answer.payload[1]:02X}")
        elif answer.error is not None:
            words.append(answer.error.name)
        else:
            words.append("complete" if answer.payload.startswith(COMPLETE) else "accepted")
    return words


def new_lock(model: str | Model = "gen3", **options: object) -> VirtualLock:
    """Return a lock that repeats itself."""
    options = {"pin": ULTRA_PIN if model == "ultra" else PIN, "random": random.Random(7).randbytes} | options
    return VirtualLock(model, nuki_id=NUKI_ID, **options)  # type: ignore[arg-type]


def lock_since(
    start: datetime,
    model: str | Model = "gen3",
    *,
    timing: Mapping[str, float] = MappingProxyType({}),
    **options: object,
) -> VirtualLock:
    """Return a lock whose world began at an aware moment and goes on with the loop; its links stay open."""
    loop = asyncio.get_running_loop()
    begin = start - timedelta(seconds=loop.time())
    return new_lock(
        model,
        now=lambda: begin + timedelta(seconds=loop.time()),
        timing=Timing(idle_disconnect=1e9, **timing),
        **options,
    )


def date7(moment: datetime) -> bytes:
    """Return a moment as it stands on the wire, without a look at its zone."""
    return struct.pack("<H5B", *moment.timetuple()[:6])


async def paired(lock: VirtualLock, *, id_type: int = 0, app_id: int = APP_ID, seed: int = 1) -> HandClient:
    """Return a connected client that has just paired."""
    client = await HandClient(lock, app_id=app_id, seed=seed).connect()
    answer = await client.pair(id_type=id_type)
    assert answer.error is None, answer.error
    return client
