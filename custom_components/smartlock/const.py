"""Names used by more than one module of the integration."""

import logging
from typing import Final

DOMAIN: Final = "smartlock"
LOGGER = logging.getLogger(__package__)

# Needed to connect; stored in the data of the config entry.
CONF_NUKI_ID: Final = "nuki_id"
CONF_GENERATION: Final = "generation"
CONF_CLIENT_TYPE: Final = "client_type"
CONF_APP_ID: Final = "app_id"
CONF_AUTHORIZATION_ID: Final = "authorization_id"
CONF_SHARED_KEY: Final = "shared_key"

CLIENT_TYPE_APP: Final = "app"
CLIENT_TYPE_BRIDGE: Final = "bridge"

# Our name in the lock's list of authorizations (at most 32 bytes).
CLIENT_NAME: Final = "Home Assistant"

# The owner's choices, stored in the options.
CONF_READ_INTERVAL: Final = "read_interval"
CONF_IDLE_TIME: Final = "idle_time"
# Devices of the phones that are notified of low batteries and faults.
CONF_PHONES: Final = "phones"
CONF_STAY_CONNECTED: Final = "stay_connected"
CONF_ACTION_DEADLINE: Final = "action_deadline"
CONF_RESTORE_BY_ITSELF: Final = "restore_by_itself"
CONF_KEEP_CODES: Final = "keep_codes"
CONF_SHOW_NAMES: Final = "show_names"
CONF_REMOVE_EXPIRED: Final = "remove_expired"
CONF_CODES_AS_SWITCHES: Final = "codes_as_switches"

# Base URL of the documents that a repair links to; the path inside the repository follows.
DOCUMENTATION: Final = "https://github.com/smartlock-ha/smartlock/blob/main/"
