"""Waits until the owner holds the lock's button, and tries to pair as long as that makes sense."""

import asyncio
from collections.abc import Awaitable, Callable

from homeassistant.components import bluetooth
from homeassistant.components.bluetooth import BluetoothServiceInfoBleak
from homeassistant.core import HomeAssistant, callback

from custom_components.smartlock.const import LOGGER
from custom_components.smartlock.link.advertisements import announces_pairing
from custom_components.smartlock.protocol.dialects import Dialect
from custom_components.smartlock.protocol.enums import ErrorCode
from custom_components.smartlock.protocol.errors import LinkError, NoFreeSlotError, NotPairingError

# The owner walks to the door and holds the button for 5 s.
BUTTON_TIME = 120.0
# Home Assistant may still show an old advertisement; this limits how often the lock is asked again.
_TRY_PAUSE = 3.0
# If a link fails while the lock is in pairing mode, another try is worthwhile until the mode ends.
_LINK_TRIES = 3


async def async_at_the_button(
    hass: HomeAssistant,
    address: str,
    dialect: Dialect,
    attempt: Callable[[], Awaitable[None]],
    on_found: Callable[[bool], None],
) -> None:
    """Call `attempt` each time the lock announces pairing mode, until it succeeds.

    `on_found` is called with True when the mode is announced, and with False when an attempt has failed.

    Raises NotPairingError if the mode is not announced within two minutes, and what `attempt` raises: a
    LinkError only after the third one, because links do fail.
    """
    announced = asyncio.Event()
    links_failed = 0

    @callback
    def advertised(info: BluetoothServiceInfoBleak) -> None:
        if announces_pairing(info, dialect):
            announced.set()

    stop = bluetooth.async_register_advertisement_callback(hass, advertised, address)
    try:
        async with asyncio.timeout(BUTTON_TIME) as patience:
            while True:
                await announced.wait()
                on_found(True)
                deadline = patience.when()
                try:
                    # A started attempt is not cancelled: it may be about to succeed.
                    patience.reschedule(None)
                    await attempt()
                except NotPairingError:
                    LOGGER.debug("The lock is not in pairing mode any more")
                except NoFreeSlotError:
                    # The tries so far have taken half a minute.
                    raise
                except LinkError:
                    links_failed += 1
                    if links_failed == _LINK_TRIES:
                        raise
                else:
                    return
                on_found(False)
                patience.reschedule(deadline)
                await asyncio.sleep(_TRY_PAUSE)
                announced.clear()
    except TimeoutError as error:
        raise NotPairingError(ErrorCode.P_NOT_PAIRING, None) from error
    finally:
        stop()
