"""Reading with Request Data, which needs no proof."""

from custom_components.smartlock.protocol.enums import Command, ErrorCode
from custom_components.smartlock.protocol.messages import Challenge, MostRecentCommand, RequestData
from simulator.lock import reports
from simulator.lock.faults import Moment
from simulator.lock.request import CHALLENGE_SIZE, Request


def request_data(request: Request) -> None:
    """Answer with the message asked for."""
    requested = RequestData.decode(request.fields).requested
    serve = READABLE.get(requested)
    if serve is None:
        request.broken_rule(f"a request for {requested.name}, which cannot be read this way")
        request.refuse(ErrorCode.K_BAD_PARAMETER)
    elif requested in request.device.model.lacks:
        request.refuse(ErrorCode.K_BAD_PARAMETER)
    else:
        serve(request)


def read_challenge(request: Request) -> None:
    """Make a challenge; the one before is void."""
    nonce = request.device.random(CHALLENGE_SIZE)
    request.authorization.challenge = nonce
    request.answer(Challenge(nonce=nonce))
    request.link.ends_at(Moment.CHALLENGE_SENT)


def read_states(request: Request) -> None:
    """Tell the state; a Bridge has then seen every change."""
    if request.authorization.is_bridge:
        request.device.unread_change = False
    request.answer(reports.states(request.device))


def read_battery_report(request: Request) -> None:
    """Tell about the batteries."""
    request.answer(request.device.battery.report())


def read_most_recent_command(request: Request) -> None:
    """Tell what was carried out last."""
    request.answer(MostRecentCommand(most_recent=request.device.most_recent_command))


def read_openings_closings_summary(request: Request) -> None:
    """Tell how often the door was opened and closed."""
    request.answer(request.device.statistics.summary())


READABLE = {
    Command.CHALLENGE: read_challenge,
    Command.KEYTURNER_STATES: read_states,
    Command.BATTERY_REPORT: read_battery_report,
    Command.MOST_RECENT_COMMAND: read_most_recent_command,
    Command.OPENINGS_CLOSINGS_SUMMARY: read_openings_closings_summary,
}
"""What Request Data can ask for."""
