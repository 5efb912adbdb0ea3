"""Names that more than one module of the integration uses."""

from datetime import timedelta
import logging
from typing import Final

DOMAIN: Final = "smartlock"
LOGGER = logging.getLogger(__package__)

# What is needed to connect, in the data of the config entry.
CONF_NUKI_ID: Final = "nuki_id"
CONF_GENERATION: Final = "generation"
CONF_CLIENT_TYPE: Final = "client_type"
CONF_APP_ID: Final = "app_id"
CONF_AUTHORIZATION_ID: Final = "authorization_id"
CONF_SHARED_KEY: Final = "shared_key"

CLIENT_TYPE_APP: Final = "app"
CLIENT_TYPE_BRIDGE: Final = "bridge"

# What the lock calls us in its list of authorizations (32 bytes fit).
CLIENT_NAME: Final = "Home Assistant"

# A Bridge is told of changes by the beacon; nuki_hub and the vendor's Bridge poll every 30 min besides.
POLL_INTERVAL_BRIDGE: Final = timedelta(minutes=30)
# For an App the flag may stay set for good, and the fifth generation has none: the poll is what finds changes.
POLL_INTERVAL_APP: Final = timedelta(minutes=10)
