"""The radio: who hears whom, what takes how long, and in which order things arrive."""

import asyncio
from collections.abc import Awaitable, Callable
from itertools import pairwise
from typing import Any

import pytest

from simulator.gatt import AttError, ConnectRefusedError, DisconnectReason, GattError, LinkClosedError
from simulator.radio import INSTANT, Radio, RadioLink, RadioTiming, Sighting
from simulator.virtual_time import run
from tests.simulator.echo import ADDRESS, ECHO_HANDLE, INTERVAL, NAME, NAME_HANDLE, EchoLink, EchoPeripheral

TIMING = RadioTiming(connect=0.3, connection_interval=0.030, connect_timeout=10, supervision_timeout=8)


class Ear:
    """A receiver that writes down what it hears."""

    def __init__(self) -> None:
        self.sightings: list[Sighting] = []
        self.times: list[float] = []

    def on_sighting(self, sighting: Sighting) -> None:
        self.sightings.append(sighting)
        self.times.append(now())


class World:
    """A radio with one peripheral, one receiver, and a diary of what arrives on the link."""

    def __init__(self, timing: RadioTiming = TIMING, **options: Any) -> None:
        self.radio = Radio(timing=timing, **options)
        self.ear = Ear()
        self.echo = EchoPeripheral()
        self.radio.add_receiver(self.ear)
        self.radio.add_peripheral(self.echo)
        self.diary: list[tuple[float, object]] = []

    def note(self, event: object) -> None:
        self.diary.append((rounded(now()), event))

    async def connect(self, **options: Any) -> RadioLink:
        return await self.radio.connect(
            self.ear,
            ADDRESS,
            on_indication=lambda _, value: self.note(value),
            on_disconnect=self.note,
            **options,
        )

    async def connect_subscribed(self, **options: Any) -> RadioLink:
        link = await self.connect(**options)
        await link.set_indications(ECHO_HANDLE, enabled=True)
        return link


def now() -> float:
    return asyncio.get_running_loop().time()


def rounded(time: float) -> float:
    return round(time, 6)


def in_world(
    story: Callable[[World], Awaitable[None]], timing: RadioTiming = TIMING, **options: Any
) -> World:
    """Live through a story in virtual time and clean up behind it."""

    async def main() -> World:
        world = World(timing, **options)
        try:
            await story(world)
        finally:
            await world.radio.stop()
        assert asyncio.all_tasks() == {asyncio.current_task()}
        return world

    return run(main())


def test_advertises_at_its_interval_with_a_little_delay() -> None:
    async def story(_: World) -> None:
        await asyncio.sleep(100)

    times = in_world(story).ear.times
    gaps = [later - earlier for earlier, later in pairwise(times)]
    assert min(gaps) >= INTERVAL
    assert max(gaps) <= INTERVAL + 0.010 + 1e-9
    assert len(set(gaps)) > 100
    assert sum(gaps) / len(gaps) == pytest.approx(INTERVAL + 0.005, abs=0.001)


def test_same_seed_same_air() -> None:
    async def story(_: World) -> None:
        await asyncio.sleep(5)

    def heard(seed: int) -> list[tuple[float, int]]:
        ear = in_world(story, rssi_noise=3, seed=seed).ear
        return [(time, each.rssi) for time, each in zip(ear.times, ear.sightings, strict=True)]

    assert heard(1) == heard(1)
    assert heard(1) != heard(2)


def test_every_receiver_hears_with_its_own_signal() -> None:
    near, far, deaf = Ear(), Ear(), Ear()

    async def story(world: World) -> None:
        world.radio.add_receiver(near, -45)
        world.radio.add_receiver(far)
        world.radio.add_receiver(deaf, None)
        world.radio.set_rssi(far, ADDRESS, -92)
        await asyncio.sleep(1)
        world.radio.set_rssi(far, ADDRESS, None)
        world.radio.set_rssi(deaf, ADDRESS, -70)
        await asyncio.sleep(1)
        world.radio.remove_receiver(near)
        await asyncio.sleep(1)

    in_world(story)
    assert {each.rssi for each in near.sightings} == {-45}
    assert {each.rssi for each in far.sightings} == {-92}
    assert {each.rssi for each in deaf.sightings} == {-70}
    assert max(far.times) < 1 <= min(deaf.times)
    assert max(near.times) < 2 < max(deaf.times)


def test_noise_stays_within_what_a_controller_reports() -> None:
    async def story(world: World) -> None:
        world.radio.set_rssi(world.ear, ADDRESS, -126)
        await asyncio.sleep(20)

    reports = [each.rssi for each in in_world(story, rssi_noise=5).ear.sightings]
    assert min(reports) == -127
    assert len(set(reports)) > 5


def test_silent_peripheral_is_not_heard() -> None:
    async def story(world: World) -> None:
        world.echo.advertisement = None
        await asyncio.sleep(1)
        assert not world.ear.sightings
        world.echo.advertisement = EchoPeripheral().advertisement
        await asyncio.sleep(1)
        assert world.ear.sightings

    in_world(story)


def test_failing_receiver_is_reported_at_once() -> None:
    reported: list[BaseException] = []

    async def story(world: World) -> None:
        def hear(sighting: Sighting) -> None:
            raise ZeroDivisionError

        world.ear.on_sighting = hear  # type: ignore[method-assign]
        asyncio.get_running_loop().set_exception_handler(
            lambda _, context: reported.append(context["exception"])
        )
        await asyncio.sleep(1)

    in_world(story)
    assert [type(error) for error in reported] == [ZeroDivisionError]


def test_two_peripherals_cannot_share_an_address() -> None:
    async def story(world: World) -> None:
        with pytest.raises(ValueError, match=ADDRESS):
            world.radio.add_peripheral(EchoPeripheral())

    in_world(story)


def test_connecting_takes_its_time_and_the_mtu_exchange() -> None:
    async def story(world: World) -> None:
        link = await world.connect(mtu=247)
        assert now() == pytest.approx(0.330)
        assert link.mtu == world.echo.link.mtu == 247
        assert link.traffic.operations == 1

    in_world(story)


def test_discovery_takes_the_requests_that_the_specification_needs() -> None:
    async def story(world: World) -> None:
        link = await world.connect(mtu=23, discover=True)
        # MTU exchange 1. Services: one to a response and a last, refused request, 3. Characteristics of each
        # service: the one and a refusal, 2 + 2. Descriptors of the one characteristic that has any: 1.
        assert link.traffic.requests == 1 + 3 + 2 + 2 + 1
        assert now() == pytest.approx(0.3 + 9 * 0.030)

    in_world(story)


def test_request_and_indication_take_an_interval_each() -> None:
    async def story(world: World) -> None:
        link = await world.connect_subscribed()
        start = now()
        assert await link.read(NAME_HANDLE) == NAME
        assert now() - start == pytest.approx(0.030)
        start = now()
        await link.write(ECHO_HANDLE, b"hello")
        # The peripheral indicated before it answered, so the answer comes behind the indication.
        assert now() - start == pytest.approx(0.045)
        assert world.diary == [(rounded(start + 0.045), b"hello")]

    in_world(story)


def test_indications_go_one_at_a_time() -> None:
    async def story(world: World) -> None:
        await world.connect_subscribed()
        start = now()
        for value in (b"1", b"2", b"3"):
            world.echo.link.indicate(value)
        await asyncio.sleep(1)
        assert world.diary == [(rounded(start + 0.030 * count), str(count).encode()) for count in (1, 2, 3)]

    in_world(story)


def test_requests_wait_for_their_turn() -> None:
    async def story(world: World) -> None:
        link = await world.connect()
        start = now()
        await asyncio.gather(*(link.write(ECHO_HANDLE, value) for value in (b"1", b"2", b"3")))
        assert now() - start == pytest.approx(0.090)
        assert world.echo.written == [b"1", b"2", b"3"]

    in_world(story)


def test_long_write_is_prepared_piece_by_piece() -> None:
    async def story(world: World) -> None:
        link = await world.connect(mtu=23)
        before = link.traffic.requests
        await link.write(ECHO_HANDLE, bytes(20))
        assert link.traffic.requests - before == 1
        start, before = now(), link.traffic.requests
        await link.write(ECHO_HANDLE, bytes(88))
        # 18 bytes to a prepare write request, so five of them, and the execute write request.
        assert link.traffic.requests - before == 6
        assert now() - start == pytest.approx(6 * 0.030)
        assert world.echo.written[-1] == bytes(88)

    in_world(story)


def test_counts_operations_and_bytes() -> None:
    async def story(world: World) -> None:
        link = await world.connect_subscribed(mtu=23)
        await link.write(ECHO_HANDLE, bytes(10))
        await link.read(NAME_HANDLE)
        traffic = link.traffic
        # MTU exchange, configuration, write, read; one indication.
        assert (traffic.requests, traffic.indications, traffic.operations) == (4, 1, 5)
        assert (traffic.bytes_sent, traffic.bytes_received) == (10, 10 + len(NAME))
        assert world.radio.connections[0].traffic is traffic

    in_world(story)


@pytest.mark.parametrize("timing", [INSTANT, TIMING])
@pytest.mark.parametrize("before", [True, False])
def test_answer_and_indication_keep_the_order_of_the_peripheral(timing: RadioTiming, before: bool) -> None:
    async def story(world: World) -> None:
        async def on_write(link: EchoLink, data: bytes) -> None:
            if before:
                link.indicate(data)
            else:
                # Runs as soon as the write has returned, before anybody else gets a word in.
                asyncio.get_running_loop().call_soon(link.indicate, data)

        world.echo.on_write = on_write
        link = await world.connect_subscribed()
        await link.write(ECHO_HANDLE, b"indication")
        world.note("answer")
        await asyncio.sleep(1)
        events = [event for _, event in world.diary]
        assert events == ([b"indication", "answer"] if before else ["answer", b"indication"])

    in_world(story, timing)


@pytest.mark.parametrize("timing", [INSTANT, TIMING])
def test_last_words_arrive_before_the_end_of_the_link(timing: RadioTiming) -> None:
    async def story(world: World) -> None:
        async def on_write(link: EchoLink, data: bytes) -> None:
            link.indicate(data)
            link.hang_up()
            raise LinkClosedError

        world.echo.on_write = on_write
        link = await world.connect_subscribed()
        with pytest.raises(LinkClosedError):
            await link.write(ECHO_HANDLE, b"bye")
        assert [event for _, event in world.diary] == [b"bye", DisconnectReason.REMOTE_USER_TERMINATED]
        assert not link.is_open
        with pytest.raises(LinkClosedError):
            await link.read(NAME_HANDLE)
        assert world.radio.connections[0].reason is DisconnectReason.REMOTE_USER_TERMINATED

    in_world(story, timing)


def test_refusal_of_the_peripheral_reaches_the_caller() -> None:
    async def story(world: World) -> None:
        link = await world.connect()
        with pytest.raises(GattError) as refused:
            await link.write(NAME_HANDLE, b"")
        assert refused.value.code is AttError.WRITE_NOT_PERMITTED
        assert await link.read(NAME_HANDLE) == NAME

    in_world(story)


def test_out_of_range_nobody_connects() -> None:
    async def story(world: World) -> None:
        world.radio.set_rssi(world.ear, ADDRESS, None)
        with pytest.raises(ConnectRefusedError) as refused:
            await world.connect()
        assert refused.value.reason is DisconnectReason.CONNECTION_TIMEOUT
        assert now() == pytest.approx(10)
        [record] = world.radio.connections
        assert (record.started, record.connected, record.ended) == (0, None, 10)
        assert not world.echo.links

    in_world(story)


def test_unknown_address_is_never_heard() -> None:
    async def story(world: World) -> None:
        with pytest.raises(ConnectRefusedError):
            await world.radio.connect(
                world.ear, "54:D2:72:FF:FF:FF", on_indication=print, on_disconnect=print
            )

    in_world(story)


def test_peripheral_may_refuse() -> None:
    async def story(world: World) -> None:
        first = await world.connect()
        with pytest.raises(ConnectRefusedError) as refused:
            await world.connect()
        assert refused.value.reason is DisconnectReason.FAILED_TO_ESTABLISH
        assert first.is_open
        assert [record.reason for record in world.radio.connections] == [
            None,
            DisconnectReason.FAILED_TO_ESTABLISH,
        ]

    in_world(story)


def test_peripheral_that_hangs_up_at_once_refused() -> None:
    async def story(world: World) -> None:
        connecting = asyncio.create_task(world.connect())
        await asyncio.sleep(0.301)
        world.echo.link.hang_up()
        with pytest.raises(ConnectRefusedError) as refused:
            await connecting
        assert refused.value.reason is DisconnectReason.REMOTE_USER_TERMINATED
        assert not world.diary

    in_world(story)


def test_cancelled_connect_leaves_no_link() -> None:
    async def story(world: World) -> None:
        for delay in (0.1, 0.301):
            connecting = asyncio.create_task(world.connect())
            await asyncio.sleep(delay)
            connecting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await connecting
        assert not world.echo.link.open
        assert all(record.ended is not None for record in world.radio.connections)
        await world.connect()

    in_world(story)


def test_out_of_range_the_link_is_lost_on_both_sides() -> None:
    async def story(world: World) -> None:
        link = await world.connect_subscribed()
        start = now()
        world.radio.set_rssi(world.ear, ADDRESS, None)
        world.echo.link.indicate(b"unheard")
        with pytest.raises(LinkClosedError):
            await link.write(ECHO_HANDLE, b"unread")
        assert world.diary == [(rounded(start + 8), DisconnectReason.CONNECTION_TIMEOUT)]
        assert not world.echo.link.open
        assert not world.echo.written
        [record] = world.radio.connections
        assert record.ended == pytest.approx(start + 8)
        assert record.reason is DisconnectReason.CONNECTION_TIMEOUT

    in_world(story)


def test_back_in_range_in_time_nothing_is_lost() -> None:
    async def story(world: World) -> None:
        link = await world.connect_subscribed()
        start = now()
        world.radio.set_rssi(world.ear, ADDRESS, None)
        world.echo.link.indicate(b"held")
        writing = asyncio.create_task(link.write(ECHO_HANDLE, b"held too"))
        await asyncio.sleep(7)
        assert not world.diary
        world.radio.set_rssi(world.ear, ADDRESS, -80)
        await writing
        await asyncio.sleep(20)
        assert [event for _, event in world.diary] == [b"held", b"held too"]
        assert world.diary[0][0] == pytest.approx(start + 7)
        assert link.is_open

    in_world(story)


def test_what_reached_the_peripheral_is_dealt_with_though_the_link_ends() -> None:
    async def story(world: World) -> None:
        done: list[bytes] = []

        async def on_write(_: EchoLink, data: bytes) -> None:
            await asyncio.sleep(1)
            done.append(data)

        world.echo.on_write = on_write
        link = await world.connect()
        writing = asyncio.create_task(link.write(ECHO_HANDLE, b"turn"))
        await asyncio.sleep(0.1)
        link.close()
        with pytest.raises(LinkClosedError):
            await writing
        assert not done
        await asyncio.sleep(1)
        assert done == [b"turn"]

    in_world(story)


def test_cancelled_caller_does_not_call_the_request_back() -> None:
    async def story(world: World) -> None:
        link = await world.connect()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.001):
                await link.write(ECHO_HANDLE, b"sent")
        await link.read(NAME_HANDLE)
        assert world.echo.written == [b"sent"]

    in_world(story)


def test_own_close_is_not_told_to_the_central() -> None:
    async def story(world: World) -> None:
        link = await world.connect_subscribed()
        world.echo.link.indicate(b"on its way")
        link.close()
        link.close()
        await asyncio.sleep(1)
        assert not world.diary
        assert not world.echo.link.open
        assert world.radio.connections[0].reason is DisconnectReason.LOCAL_HOST_TERMINATED

    in_world(story)


def test_removed_peripheral_takes_its_links_along() -> None:
    async def story(world: World) -> None:
        await world.connect()
        await world.radio.remove_peripheral(ADDRESS)
        assert [event for _, event in world.diary] == [DisconnectReason.CONNECTION_TIMEOUT]
        heard = len(world.ear.sightings)
        await asyncio.sleep(1)
        assert len(world.ear.sightings) == heard

    in_world(story)


def test_new_parameters_change_the_pace() -> None:
    async def story(world: World) -> None:
        link = await world.connect()
        link.set_parameters(connection_interval=0.1, supervision_timeout=2)
        start = now()
        await link.read(NAME_HANDLE)
        assert now() - start == pytest.approx(0.1)
        world.radio.set_rssi(world.ear, ADDRESS, None)
        await asyncio.sleep(1.9)
        assert link.is_open
        await asyncio.sleep(0.2)
        assert not link.is_open

    in_world(story)


def test_stopped_radio_ends_every_link() -> None:
    async def story(world: World) -> None:
        link = await world.connect()
        await world.radio.stop()
        assert not link.is_open
        assert not world.echo.link.open

    in_world(story)
