"""When the lock is read: each rule of the table, and that no combination drains the cells."""

from dataclasses import replace

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.smartlock.link import rules as r
from custom_components.smartlock.link.rules import PollPolicy, PollReason

BRIDGE = PollPolicy(poll=r.POLL_BRIDGE, notified=True)
APP = PollPolicy(poll=r.POLL_APP, notified=False)


def states_received(
    state: PollPolicy, now: float, *, changed: bool = False, passing: bool = False
) -> PollPolicy:
    """Read the lock."""
    return state.states_received(changed=changed, passing=passing, low_battery=False, now=now)


def quiet(state: PollPolicy = BRIDGE, now: float = 0.0) -> PollPolicy:
    """Return a lock that is in sight and was read, with nothing going on."""
    return states_received(state.advertised(flag=False, now=now), now)


@pytest.mark.parametrize("state", [BRIDGE, APP], ids=["bridge", "app"])
def test_nothing_is_read_before_the_lock_is_heard(state: PollPolicy) -> None:
    """A connection attempt without an advertisement is bound to fail."""
    assert state.due(0) is None
    assert quiet(state).out_of_sight(connected=False).due(10) is None


def test_first_advertisement() -> None:
    """At once, and not again with every one."""
    state = BRIDGE.advertised(flag=False, now=5)
    assert state.due(5) == (5, PollReason.APPEARED)
    state = states_received(state, 6)
    assert state.advertised(flag=False, now=7) is state


@pytest.mark.parametrize("state", [BRIDGE, APP], ids=["bridge", "app"])
def test_edge_of_the_flag(state: PollPolicy) -> None:
    """Read after a moment."""
    assert quiet(state).advertised(flag=True, now=100).due(100) == (
        100 + r.EDGE_DELAY,
        PollReason.CHANGE_FLAG,
    )


def test_flag_that_stays_set_asks_once() -> None:
    """An App cannot clear it."""
    state = states_received(quiet(APP).advertised(flag=True, now=100), 101)
    for now in range(102, 200):
        state = state.advertised(flag=True, now=now)
    assert state.due(200) == (101 + r.POLL_APP, PollReason.POLL)


def test_flag_that_a_push_left_set_is_cleared_by_a_read() -> None:
    """While the link was open nobody heard it rise; left alone it could not rise again."""
    state = states_received(quiet(), 100, changed=True)
    state = state.advertised(flag=True, now=106)
    assert state.due(106) == (106 + r.EDGE_DELAY, PollReason.CHANGE_FLAG)
    # The same after an edge whose read was followed by another change on the same link.
    state = states_received(
        states_received(quiet().advertised(flag=True, now=200), 201, changed=True), 203, changed=True
    )
    assert state.advertised(flag=True, now=208).due(208) == (208 + r.EDGE_DELAY, PollReason.CHANGE_FLAG)


def test_idle_link_that_was_dropped() -> None:
    """The lock may have lost its power."""
    assert quiet().link_lost(50).due(50) == (50 + r.LOST_DELAY, PollReason.LINK_LOST)


def test_slot_that_went_to_another_lock() -> None:
    """What was left is done over a link of its own; until that one has been shared, no other is given away."""
    gave_way = quiet().link_shared(gave_way=True, now=50)
    assert gave_way.gave_way
    assert gave_way.due(50) == (50 + r.GAVE_WAY_DELAY, PollReason.GAVE_WAY)
    read = states_received(gave_way.read_started(70), 71)
    assert read.gave_way
    assert not read.link_shared(gave_way=False, now=72).gave_way
    assert read.link_shared(gave_way=False, now=72).due(72) == read.due(72)


def test_unknown_outcome() -> None:
    """Read at once; not believed until it was read."""
    state = quiet().outcome_unknown(50)
    assert state.due(50) == (50, PollReason.OUTCOME_UNKNOWN)
    assert not state.believable(50)
    assert states_received(state, 51).believable(51)


def test_state_that_may_pass_is_read_again_and_then_left_alone() -> None:
    """A lock that is really not calibrated stays so for days, and must not be read all the time."""
    state = quiet()
    reasons = []
    # The second one is the same once more, as an answer and a push.
    for now, changed in ((100, True), (101, False), (117, False)):
        state = state.states_received(
            changed=changed, passing=False, may_pass=True, low_battery=False, now=now
        )
        due = state.due(now)
        assert due is not None
        reasons.append(due[1])
    assert reasons == [PollReason.PASSING_STATE, PollReason.PASSING_STATE, PollReason.POLL]


def test_passing_state_is_followed_ever_more_slowly() -> None:
    """8, 16, 32 s, until the slow poll is sooner."""
    state, now = quiet(), 0.0
    delays = []
    for index in range(10):
        state = states_received(state, now, changed=index == 0, passing=True)
        due = state.due(now)
        assert due is not None
        delays.append(due[0] - now)
        now = due[0]
    assert delays[:4] == [8, 16, 32, 64]
    assert delays[-1] == r.POLL_QUIET
    assert states_received(state, now).due(now) == (now + r.POLL_QUIET, PollReason.POLL)


def test_poll_of_a_client_that_is_not_told() -> None:
    """Often after a change, then ever less."""
    assert polls(states_received(quiet(APP), 1000, changed=True)) == [120, 120, 240, 480, 600, 600]


def test_poll_of_a_client_that_is_told() -> None:
    """Slowly, and more so where nothing happens."""
    changed = states_received(quiet(), 1000, changed=True)
    assert [each / 60 for each in polls(changed)] == [30, 30, 60, 60, 60, 60]
    trusting = replace(changed, announced=2)
    assert [each / 60 for each in polls(trusting)] == [120] * 6
    assert polls(replace(changed, trusting=False)) == [r.POLL_BRIDGE] * 6


def polls(state: PollPolicy) -> list[float]:
    """Return the next intervals of the poll after a change at 1000 s while nothing happens."""
    now, intervals = 1000.0, []
    for _ in range(6):
        due = state.due(now)
        assert due is not None
        intervals.append(due[0] - now)
        now = due[0]
        state = states_received(state, now)
    return intervals


@pytest.mark.parametrize(("announced", "hours"), [(0, 1), (1, 1), (2, 2), (3, 4), (4, 4), (12, 4)])
def test_flag_that_has_announced_changes_is_trusted(announced: int, hours: float) -> None:
    """Each of the bolt or the door doubles the interval of the poll."""
    state, now = quiet(), 0.0
    for index in range(announced):
        now += 60
        state = state.advertised(flag=True, now=now).read_started(now)
        state = state.states_received(
            changed=index % 2 == 0, door_changed=index % 2 == 1, passing=False, low_battery=False, now=now
        )
        state = state.advertised(flag=False, now=now)
    assert state.announced == announced
    # A day later nothing else has happened.
    now += 86400
    assert replace(state, read_at=now).due(now) == (now + hours * 3600, PollReason.POLL)


def test_flag_that_missed_a_change_is_not_trusted() -> None:
    """Only a poll has found it."""
    state = replace(quiet(), announced=5)
    for unannounced in ({"changed": True}, {"door_changed": True, "changed": False}):
        missed = state.read_started(50).states_received(
            **unannounced, passing=False, low_battery=False, now=50
        )
        assert missed.announced == 0


def test_what_is_no_evidence_about_the_flag() -> None:
    """Pushes, flags that stood for nothing we see, changes that pass, reads that had reasons of their own."""
    state = replace(quiet(), announced=2)
    pushed = states_received(state, 50, changed=True)
    nothing = states_received(state.advertised(flag=True, now=50).read_started(50), 51)
    passed = states_received(states_received(state, 50, passing=True).read_started(58), 58, changed=True)
    lost = states_received(state.link_lost(50).read_started(55), 55, changed=True)
    assert {each.announced for each in (pushed, nothing, passed, lost)} == {2}


@pytest.mark.parametrize("minutes", [5, 30, 180])
def test_interval_of_the_owner_is_kept(minutes: int) -> None:
    """However well the flag does."""
    state = replace(quiet(), poll=minutes * 60.0, trusting=False, announced=9)
    assert state.due(0) == (minutes * 60.0, PollReason.POLL)


@pytest.mark.parametrize(
    ("usual", "last_action", "idle_time"),
    [
        (5.0, None, r.LONE_IDLE_TIME),
        (5.0, 1000 - r.SERIES, r.LONE_IDLE_TIME),
        (5.0, 1000 - r.SERIES + 1, 5.0),
        (15.0, 999.0, 15.0),
        (0.2, None, 0.2),
    ],
)
def test_link_after_an_action(usual: float, last_action: float | None, idle_time: float) -> None:
    """Held for the next one where there was one before."""
    assert r.idle_time(usual, last_action=last_action, now=1000.0) == idle_time


@pytest.mark.parametrize(
    ("chosen", "intervals"), [(None, [30, 10, 30]), (30, [30, 10, 30]), (60, [60, 60, 60]), (5, [5, 5, 5])]
)
def test_flag_that_becomes_useless(chosen: float | None, intervals: list[float]) -> None:
    """Polled as an App until it is of use again, but for an interval of the owner's."""
    state = PollPolicy.of(bridge=True, poll=None if chosen is None else chosen * 60, now=0)
    useless = state.relying_on_flag(notified=False)
    useful = useless.relying_on_flag(notified=True)
    assert [each.notified for each in (state, useless, useful)] == [True, False, True]
    assert [each.poll / 60 for each in (state, useless, useful)] == intervals


def test_low_battery_is_spared() -> None:
    """One poll in three."""
    state = quiet().states_received(changed=False, passing=False, low_battery=True, now=0)
    assert state.due(0) == (r.POLL_QUIET * r.LOW_BATTERY_FACTOR, PollReason.POLL)


def test_failed_reads_wait_longer_each_time() -> None:
    """15, 30, 60 s, up to the poll; a new sign of life begins anew."""
    state, now, pauses = quiet().advertised(flag=True, now=0), 0.0, []
    for _ in range(9):
        state = state.read_failed(now)
        due = state.due(now)
        assert due is not None
        pauses.append(due[0] - now)
        now = due[0]
    assert pauses[:4] == [15, 30, 60, 120]
    assert pauses[-1] == r.POLL_BRIDGE
    again = state.advertised(flag=False, now=now).advertised(flag=True, now=now + 1)
    assert again.due(now + 1) == (now + 1, PollReason.CHANGE_FLAG)


def test_failed_poll_keeps_its_pace() -> None:
    """A poll that fails is not repeated faster than a failure allows."""
    state = quiet()
    now = r.POLL_QUIET
    assert state.read_failed(now).due(now) == (now + r.RETRY_DELAY, PollReason.POLL)


def test_known_change_that_cannot_be_read() -> None:
    """The old state is believed for a minute, then not any more, whatever the budget says."""
    state = replace(quiet().advertised(flag=True, now=100), budget=-5.0, budget_at=100)
    assert state.believable(100 + r.BELIEF - 1)
    assert not state.believable(100 + r.BELIEF)
    # A second edge does not begin the minute anew.
    again = state.advertised(flag=False, now=130).advertised(flag=True, now=150)
    assert again.doubtful_at() == 100 + r.BELIEF
    assert states_received(again, 200).believable(7_000)


def test_absence() -> None:
    """What a lock does that nobody hears is told to nobody, unless a link is open."""
    assert not quiet().out_of_sight(connected=False).believable(10)
    assert quiet().out_of_sight(connected=True).believable(10)
    back = quiet().out_of_sight(connected=False).advertised(flag=False, now=20)
    assert back.due(20) == (20, PollReason.APPEARED)
    assert not back.believable(20)
    assert states_received(back, 21).believable(21)


def test_lock_that_vanished_behind_an_open_link() -> None:
    """It is received again, and what was read before that is old; not so if the link was lost a moment ago."""
    connected = quiet().out_of_sight(connected=True)
    back = connected.link_lost(500).advertised(flag=False, now=2000)
    assert back.due(2000) == (2000, PollReason.LINK_LOST)
    assert not back.believable(2000)
    assert states_received(back, 2001).believable(2001)
    assert states_received(connected, 500).link_lost(505).advertised(flag=False, now=507).believable(507)


def test_flag_of_a_bridge_that_stays_set() -> None:
    """A push leaves it up, so one more read follows; one that stays up for good asks nothing any more."""
    state = states_received(quiet().advertised(flag=True, now=10), 11)  # a push
    reads = 0
    for now in range(12, 4000):
        state = state.advertised(flag=True, now=now)
        due = state.due(now)
        if due is not None and due[0] <= now:
            state = states_received(state.read_started(now), now)
            reads += 1
    assert reads <= 3 + 4000 / r.POLL_BRIDGE
    again = state.advertised(flag=False, now=4000).advertised(flag=True, now=4001).due(4001)
    assert again is not None
    assert again[1] is PollReason.CHANGE_FLAG


def test_one_read_at_a_time() -> None:
    """While one is tried no other is due."""
    state = quiet().advertised(flag=True, now=10).read_started(11)
    assert state.due(11) is None
    assert state.read_failed(12).due(12) is not None
    assert state.read_refused(12).due(12) is not None


def test_refusals() -> None:
    """Two prove nothing and are asked again soon; three are told, and then it is asked each hour."""
    state = quiet().advertised(flag=True, now=100)
    for now in (101, 107):
        state = state.read_refused(now)
        assert state.due(now) == (now + r.REFUSAL_DELAY, PollReason.REFUSED)
        assert state.believable(now)
    state = state.read_refused(113)
    assert state.locked_out
    assert state.due(113) == (113 + r.REFUSED_PAUSE, PollReason.REFUSED)
    assert not state.believable(113)
    # Neither the flag nor a lost link are worth a question; that it is back is one.
    noisy = state.advertised(flag=False, now=120).advertised(flag=True, now=130).link_lost(140)
    assert noisy.due(140) == (113 + r.REFUSED_PAUSE, PollReason.REFUSED)
    again = noisy.out_of_sight(connected=False).advertised(flag=False, now=500)
    assert again.due(500) == (500, PollReason.APPEARED)
    refused = again.read_started(500).read_refused(501)
    assert refused.due(501) == (501 + r.REFUSED_PAUSE, PollReason.REFUSED)
    # One answer is enough.
    healed = states_received(refused.read_started(5000), 5000)
    assert not healed.locked_out
    assert healed.believable(5000)
    assert not states_received(quiet().read_refused(1).read_refused(2), 3).read_refused(4).locked_out


def test_spent_budget_delays_every_read() -> None:
    """Also the one after an edge."""
    state = quiet()
    for _ in range(int(r.READS_AT_ONCE)):
        state = states_received(state.read_started(0), 0)
    due = state.advertised(flag=True, now=0).due(0)
    assert due is not None
    assert due[0] == pytest.approx(86400 / r.READS_A_DAY)


EVENTS = st.lists(
    st.tuples(
        st.floats(min_value=0.0, max_value=400.0),
        st.sampled_from(["flag", "clear", "lost", "gone", "unknown", "passing", "change", "fail"]),
    ),
    max_size=600,
)


@settings(max_examples=50)
@given(events=EVENTS, bridge=st.booleans())
def test_no_combination_drains_the_cells(events: list[tuple[float, str]], bridge: bool) -> None:
    """Whatever happens, reads stay within the budget, and after a read the state is believed."""
    state = BRIDGE if bridge else APP
    now, reads = 0.0, 0
    for pause, event in events:
        now += pause
        match event:
            case "flag" | "clear":
                state = state.advertised(flag=event == "flag", now=now)
            case "lost":
                state = state.link_lost(now)
            case "gone":
                state = state.out_of_sight(connected=False)
            case "unknown":
                state = state.outcome_unknown(now)
        due = state.due(now)
        if due is not None and due[0] <= now:
            state = state.read_started(now)
            reads += 1
            if event == "fail":
                state = state.read_failed(now)
            else:
                state = states_received(state, now, changed=event == "change", passing=event == "passing")
                assert state.believable(now)
        assert reads <= r.READS_AT_ONCE + now * r.READS_A_DAY / 86400 + 1


# --- Silence ----------------------------------------------------------------------------------------------


def failing(state: PollPolicy, *at: float) -> PollPolicy:
    """Let reads fail at these times."""
    for now in at:
        state = state.read_started(now).read_failed(now)
    return state


@pytest.mark.parametrize("state", [BRIDGE, APP], ids=["bridge", "app"])
def test_reads_that_fail_end_the_belief(state: PollPolicy) -> None:
    """One may be bad luck; two, over a minute, are not. What is read after that is believed again."""
    state = quiet(state)
    assert failing(state, 100).doubtful_at() == state.doubtful_at()
    twice = failing(state, 100, 120)
    assert twice.doubtful_at() == 100 + r.BELIEF
    assert twice.believable(100 + r.BELIEF - 1)
    assert not twice.believable(100 + r.BELIEF)
    # Later failures do not begin the minute anew.
    assert failing(twice, 150).doubtful_at() == 100 + r.BELIEF
    # Nor does it help that the lock is heard.
    assert not twice.out_of_sight(connected=True).advertised(flag=False, now=170).believable(170)
    assert states_received(twice, 200).believable(200)
    assert failing(states_received(twice, 200), 300).believable(2 * r.POLL_AFTER_CHANGE)


@pytest.mark.parametrize(
    ("state", "interval"),
    [(BRIDGE, r.POLL_QUIET), (APP, r.POLL_APP), (replace(APP, low_battery=True), 3 * r.POLL_APP)],
    ids=["bridge", "app", "low battery"],
)
def test_state_that_is_not_read_for_two_intervals(state: PollPolicy, interval: float) -> None:
    """Whatever keeps it from being read, be it the budget."""
    now = 1000.0
    quiet_state = state.advertised(flag=False, now=now).states_received(
        changed=False, passing=False, low_battery=state.low_battery, now=now
    )
    assert quiet_state.doubtful_at() == now + 2 * interval
    assert quiet_state.believable(now + 2 * interval - 1)
    assert not quiet_state.believable(now + 2 * interval)


def test_request_for_the_state_without_an_answer() -> None:
    """It has taken the flag down: the state is as doubtful as after a flag that was heard, and read soon."""
    state = quiet().answer_lost(100)
    due = state.due(100)
    assert due is not None
    assert due[0] <= 100 + r.RETRY_DELAY
    assert due[1] is PollReason.ANSWER_LOST
    assert state.believable(100 + r.BELIEF - 1)
    assert not state.believable(100 + r.BELIEF)
    assert state.answer_lost(150).doubtful_at() == 100 + r.BELIEF
    assert states_received(state, 110).believable(110 + r.POLL_BRIDGE)
    # It is no announcement of the flag.
    assert states_received(state, 110, changed=True).announced == 0


def test_changes_that_only_a_poll_found() -> None:
    """Counted in a row; an announcement, and a read for another reason, do not count."""
    state, now = quiet(), 0.0
    for missed in (1, 2, 3):
        now += r.POLL_QUIET
        state = states_received(state.read_started(now), now, changed=True)
        assert state.missed == missed
        now += r.POLL_QUIET
        state = states_received(state.read_started(now), now)
        assert state.missed == missed
    # The owner has read right after turning the key.
    state = states_received(state.read_started(now + 10), now + 10, changed=True)
    assert state.missed == 3
    announced = states_received(
        state.advertised(flag=True, now=now + 20).read_started(now + 20), now + 20, changed=True
    )
    assert (announced.missed, announced.announced) == (0, 1)


def test_a_bolt_that_was_met_in_motion_is_read_again_at_rest() -> None:
    """Its end was pushed: what needs the bolt at rest has been put off until then."""
    met = (
        quiet()
        .read_started(100)
        .states_received(changed=True, passing=True, again_at_rest=True, low_battery=False, now=100)
    )
    moving = states_received(met, 101, passing=True)
    assert moving.due(101) != (101, PollReason.AT_REST)
    state = states_received(moving, 103, changed=True)
    assert state.due(103) == (103, PollReason.AT_REST)
    # That is once, and not where the read itself has seen it at rest.
    assert states_received(state.read_started(103), 104).due(104) != (104, PollReason.AT_REST)
    seen = states_received(moving.read_started(108), 108, changed=True)
    assert seen.due(109) == (108 + r.POLL_BRIDGE, PollReason.POLL)
    assert states_received(seen, 120).due(120) == (120 + r.POLL_BRIDGE, PollReason.POLL)


def test_an_action_is_not_read_again() -> None:
    """What runs for us is followed by whoever asked for it."""
    state = states_received(states_received(quiet(), 100, changed=True, passing=True), 103, changed=True)
    assert state.due(103) == (103 + r.POLL_BRIDGE, PollReason.POLL)
