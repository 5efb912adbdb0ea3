#!/usr/bin/env bash
# Bumble does three things with a value that is longer than the MTU: parts, one unit that is too long, or a cut.
#
# What:    with the MTU at 23, a client writes 100 bytes with a response as six Prepare Writes and an Execute, as the
#          standard has it. Without a response the same call puts them into one Write Command of 103 bytes, which no
#          peer of that MTU has room for, and Bumble's server takes it whole. Told by indication or notification, the
#          100 bytes arrive as their first 20. No side says anything in any of the cases. A lock that is simulated so
#          lets a client pass that never cuts its commands and never asks for a larger MTU.
# Guess:   whoever knows how to write in parts also knows when a value does not fit, and says so.
# Version: bumble 0.0.236
# Seen on: 2026-11-29
# Output:
#   bumble 0.0.236
#   MTU 23
#   100 written with response: 6 x ATT_PREPARE_WRITE_REQUEST, longest 23; the server holds 100
#   100 written without: 1 x ATT_WRITE_COMMAND, longest 103; the server holds 100
#   100 indicated: the client hears 20
#   100 notified: the client hears 20
#   MTU 247
#   300 written with response: 2 x ATT_PREPARE_WRITE_REQUEST, longest 247; the server holds 300
#   300 written without: 1 x ATT_WRITE_COMMAND, longest 303; the server holds 300
#   300 indicated: the client hears 244
#   300 notified: the client hears 244
source "$(dirname "$0")/lib/finding.bash"

from_pypi bumble==0.0.236
expect "$python" - <<'EOF'
import asyncio
from importlib.metadata import version

from bumble.controller import Controller
from bumble.device import Device, Peer
from bumble.gatt import Characteristic, Service
from bumble.hci import Address
from bumble.host import Host
from bumble.link import LocalLink
from bumble.transport.common import AsyncPipeSink

PROPERTIES = Characteristic.Properties.WRITE | Characteristic.Properties.WRITE_WITHOUT_RESPONSE
PROPERTIES |= Characteristic.Properties.INDICATE | Characteristic.Properties.NOTIFY


def device(link: LocalLink, name: str, address: str) -> Device:
    controller = Controller(name, link=link)
    return Device(name=name, address=Address(address), host=Host(controller, AsyncPipeSink(controller)))


async def main() -> None:
    print("bumble", version("bumble"))
    link = LocalLink()
    lock = device(link, "lock", "F0:F1:F2:F3:F4:F5")
    phone = device(link, "phone", "E0:E1:E2:E3:E4:E5")
    own = Characteristic("a92ee202-5501-11e4-916c-0800200c9a66", PROPERTIES, Characteristic.WRITEABLE, b"")
    lock.add_services([Service("a92ee200-5501-11e4-916c-0800200c9a66", [own])])
    received: list[tuple[str, int]] = []
    serve = lock.gatt_server.on_gatt_pdu

    def seen(bearer: object, pdu: object) -> None:
        received.append((pdu.name, len(bytes(pdu))))
        serve(bearer, pdu)

    lock.gatt_server.on_gatt_pdu = seen
    await lock.power_on()
    await phone.power_on()
    await lock.start_advertising()
    peer = Peer(await phone.connect(lock.random_address))
    await peer.discover_services()
    await peer.discover_characteristics()
    (proxy,) = peer.get_characteristics_by_uuid(own.uuid)
    heard: list[int] = []
    await proxy.subscribe(lambda value: heard.append(len(value)), prefer_notify=False)

    async def write(size: int, *, response: bool) -> None:
        received.clear()
        own.value = b""
        await proxy.write_value(bytes(size), with_response=response)
        await asyncio.sleep(0.1)
        kind = received[0][0]
        sizes = [length for name, length in received if name == kind]
        print(
            f"{size} written {'with response' if response else 'without'}: {len(sizes)} x {kind},"
            f" longest {max(sizes)}; the server holds {len(own.value)}"
        )

    async def tell(size: int, how: str) -> None:
        await (lock.indicate_subscribers if how == "indicated" else lock.notify_subscribers)(
            own, bytes(size), force=True
        )
        await asyncio.sleep(0.1)
        print(f"{size} {how}: the client hears {heard[-1]}")

    for size, mtu in ((100, None), (300, 247)):
        if mtu is not None:
            await peer.request_mtu(mtu)
        print("MTU", peer.connection.att_mtu)
        await write(size, response=True)
        await write(size, response=False)
        await tell(size, "indicated")
        await tell(size, "notified")


asyncio.run(main())
EOF
