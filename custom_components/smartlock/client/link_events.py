"""What a link reports to its owner."""

from collections.abc import Callable

from custom_components.smartlock.protocol.messages import Message
from custom_components.smartlock.protocol.values import dataclass


@dataclass(frozen=True, kw_only=True)
class LinkEvents:
    """Callbacks for what happens on the link."""

    on_received: Callable[[Message], None]
    """Receives every message, even if it may be a recording."""
    on_message: Callable[[Message], None]
    """Receives the lock's messages: once states on the link were believed, the later and the earlier ones."""
    on_lost: Callable[[], None]
    """An idle link ended without our doing, or one that was to stay: anything the lock would have pushed over it is missed."""
    on_answer_lost: Callable[[], None]
    """The state was requested, which clears the change flag, and the link ended without an answer."""
    on_closed: Callable[[], None]
    """We have disconnected: the lock advertises again."""
