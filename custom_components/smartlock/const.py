"""Names that more than one module of the integration uses."""

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

# What the owner may choose, in the options.
CONF_READ_INTERVAL: Final = "read_interval"
CONF_IDLE_TIME: Final = "idle_time"
CONF_STAY_CONNECTED: Final = "stay_connected"
CONF_ACTION_DEADLINE: Final = "action_deadline"
CONF_RESTORE_BY_ITSELF: Final = "restore_by_itself"
CONF_KEEP_CODES: Final = "keep_codes"

# Where the documents are that a repair points to; the path inside the repository follows.
DOCUMENTATION: Final = "https://github.com/smartlock-ha/smartlock/blob/main/"
