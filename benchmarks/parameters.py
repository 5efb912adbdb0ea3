"""What the simulated radio and lock are like: every figure that the results depend on, with its source."""

from dataclasses import dataclass

from benchmarks.schedule import Day
from simulator.radio import ADVERTISING_DELAY, DEFAULT_RSSI, RadioTiming
from simulator.virtual_lock import MODELS, Timing

__all__ = ["LOCK", "PARAMETERS", "RADIO", "Parameter"]

RADIO = RadioTiming()
LOCK = Timing()

DAY = Day.load()

_SPECIFICATION = "Bluetooth Core"


@dataclass(frozen=True)
class Parameter:
    """A figure of the radio or the lock; without a published source it is called a choice."""

    name: str
    value: str
    source: str


PARAMETERS = (
    Parameter("lock", "generation 3, paired as Bridge by both sides", "choice of the benchmark"),
    Parameter(
        "connection interval",
        f"{RADIO.connection_interval * 1000:g} ms",
        f"shorter end of initial_conn_interval, {_SPECIFICATION}, Vol 3, Part C, Appendix A",
    ),
    Parameter(
        "a request with its response",
        "one interval and what the lock needs in between",
        "reaches the lock half an interval after it was sent, the mean wait for the next connection event",
    ),
    Parameter(
        "an indication with its confirmation",
        "one interval",
        f"{_SPECIFICATION}, Vol 3, Part F, 3.3.2: one at a time",
    ),
    Parameter(
        "MTU exchange",
        f"counted, {MODELS['gen3'].max_mtu} bytes agreed",
        f"{_SPECIFICATION}, Vol 3, Part F, 3.4.2",
    ),
    Parameter("GATT tables", "cached on both sides", "what Home Assistant's adapters and proxies do"),
    Parameter(
        "connect",
        f"{RADIO.connect * 1000:g} ms",
        "choice: hearing the next advertisement and setting up the link next to the lock",
    ),
    Parameter(
        "connect timeout", f"{RADIO.connect_timeout:g} s", "choice, below the 20 s of bleak-retry-connector"
    ),
    Parameter(
        "supervision timeout", f"{RADIO.supervision_timeout:g} s", "ESPHome proxies (MEDIUM_CONN_TIMEOUT)"
    ),
    Parameter(
        "advertising interval",
        f"{LOCK.advertising_interval * 1000:g} ms and up to {ADVERTISING_DELAY * 1000:g} ms at random",
        f"choice, the vendor publishes none; advDelay from {_SPECIFICATION}, Vol 6, Part B, 4.4.2.2.1",
    ),
    Parameter("signal", f"{DEFAULT_RSSI} dBm without noise", "choice: a receiver a room away"),
    Parameter(
        "lock: from a request to its answer",
        f"{LOCK.processing * 1000:g} ms",
        "choice, a healthy lock needs well below 1 s",
    ),
    Parameter("lock: run of the motor", f"{LOCK.unlock:g} s", "choice; not part of any figure"),
    Parameter("lock: drops an idle link after", f"{LOCK.idle_disconnect:g} s", "I-Connect/NukiBleEsp32"),
    Parameter(
        "day: bad hours",
        f"{(DAY.bad_radio.ends - DAY.bad_radio.begins) / 3600:g} h, {DAY.bad_radio.connects_failing:.0%} of all connects"
        f" fail, {DAY.bad_radio.exchanges_lost:.0%} of all exchanges are lost",
        f"choice, as everything in benchmarks/day.json; seed {DAY.seed}",
    ),
    Parameter(
        "day: a failed connect",
        f"refused after {RADIO.connect * 1000:g} ms",
        f"0x3E, connection failed to be established ({_SPECIFICATION}, Vol 1, Part F)",
    ),
    Parameter("day: PIN", "none on either side", "so neither side reads the log"),
    Parameter("many locks", "10 proxies with 3 slots each", "the default of ESPHome"),
)
