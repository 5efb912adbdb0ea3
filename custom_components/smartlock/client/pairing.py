"""What happens before there is an authorization: detecting the generation, and pairing."""

import asyncio
from collections.abc import Awaitable, Callable
import os

from custom_components.smartlock.client.connection import Connection
from custom_components.smartlock.client.transport import Transport
from custom_components.smartlock.protocol import pairing
from custom_components.smartlock.protocol.channel import PairingChannel, Random
from custom_components.smartlock.protocol.crypto import KEY_SIZE
from custom_components.smartlock.protocol.dialects import Dialect, Product, dialect_of_services
from custom_components.smartlock.protocol.enums import AuthorizationIdType
from custom_components.smartlock.protocol.errors import NoAnswerError, ProtocolError
from custom_components.smartlock.protocol.pairing import Pairing

# Seconds for a connection (up to 45, after some 10 for a slot) and the exchange, for which public clients
# allow 30 and a healthy lock needs one or two.
_IDENTIFY_TIME = 60.0
_PAIRING_TIME = 60.0


async def identify(transport: Transport) -> Dialect:
    """Connect and detect the generation by the pairing service, which exists outside pairing mode too.

    A table without it is read once more: BlueZ may hand out an incomplete one at the first connection.

    Raises LinkError, and ProtocolError for a device that is no such lock.
    """
    try:
        async with asyncio.timeout(_IDENTIFY_TIME):
            dialect = await _discover(transport) or await _discover(transport)
    except TimeoutError as error:
        raise NoAnswerError("the services of the lock could not be read in time") from error
    if dialect is None or dialect.product is not Product.SMART_LOCK:
        raise ProtocolError("the device has no pairing service of a known generation")
    return dialect


async def _discover(transport: Transport) -> Dialect | None:
    """Connect and return the dialect of the services; a table that belongs to none is forgotten."""
    link = await transport.connect(on_value=lambda uuid, value: None, on_lost=lambda: None)
    try:
        dialect = dialect_of_services(link.services)
        if dialect is None:
            await link.forget_services()
    finally:
        await link.close()
    return dialect


async def pair(
    transport: Transport,
    dialect: Dialect,
    *,
    app_id: int,
    name: str,
    id_type: AuthorizationIdType = AuthorizationIdType.APP,
    pin: int | None = None,
    random: Random = os.urandom,
    on_granted: Callable[[Pairing], Awaitable[None]] | None = None,
    on_paired: Callable[[], None] = lambda: None,
) -> Pairing:
    """Pair with a lock in pairing mode; `id_type` counts for generations 1 to 4, `pin` for the fifth.

    `on_granted` is called as soon as the lock has granted the authorization, before anything else is awaited.
    Generations 1 to 4 get a confirmation afterwards; if `on_granted` raises, they get none, and the
    authorization is void. `on_paired` is called as soon as it is valid.

    Raises LinkError, and what `on_granted` and the conversations of `protocol.pairing` raise.
    """
    private_key = random(KEY_SIZE)
    if dialect.pin_for_pairing:
        if pin is None:
            raise ValueError("this generation pairs with its security PIN only")
        conversation = pairing.pair_gen5(app_id=app_id, name=name, pin=pin, private_key=private_key)
    else:
        conversation = pairing.pair_gen1_4(
            id_type=id_type, app_id=app_id, name=name, private_key=private_key, nonce=random(32)
        )
    connection: Connection | None = None
    try:
        async with asyncio.timeout(_PAIRING_TIME):
            connection = await Connection.open(transport, PairingChannel(dialect, random))
            granted = await connection.run(conversation)
            # From here on a fifth-generation lock knows us, whatever happens to the link or the caller.
            if on_granted is not None:
                await on_granted(granted)
            if granted.confirmation is not None:
                await connection.run(pairing.confirm(granted.confirmation))
            on_paired()
    except TimeoutError as error:
        raise NoAnswerError("the pairing could not be finished in time") from error
    else:
        return granted
    finally:
        if connection is not None:
            await connection.close()
