"""How many processes share the tests of a run, and which tests stay together in one of them."""

from collections.abc import Callable, Sequence
from functools import partial
import os
from pathlib import Path
from typing import Any, override

from execnet import XSpec
import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling
from xdist.workermanage import WorkerController

END_TO_END = "tests/e2e/"
# Modules that read the whole repository: what one of their tests has parsed, the others need not parse again.
TOGETHER = "tests/test_"

# How many processes of a run are for its end-to-end tests alone; none if all processes share all tests.
_APART = pytest.StashKey[int]()
_SESSION = pytest.StashKey[pytest.Session]()

# Of those for all others: a Home Assistant that is waited for gets the processor first.
_NICE = "5"


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Take a process for each core if all tests are to run, and none where starting them takes longer than it saves.

    End-to-end tests mostly wait for a Home Assistant, which is a process of its own. They get processes of their own, so that
    the others keep the processors busy meanwhile, and nobody collects what others run.
    """
    option = config.option
    some = config.args_source is not pytest.Config.ArgsSource.TESTPATHS or option.keyword or option.lf
    if some or option.collectonly:
        return 0
    cores = len(os.sched_getaffinity(0))
    if "not e2e" in option.markexpr:
        return cores
    houses = 2 * cores + 1
    if not option.markexpr:
        config.stash[_APART] = houses
        return houses + cores
    return houses


def pytest_xdist_setupnodes(config: pytest.Config, specs: Sequence[XSpec]) -> None:
    """Let the processes of all other tests be nice to those of the end-to-end tests, which is also how they are told apart."""
    if apart := config.stash.get(_APART, 0):
        for spec in specs[apart:]:
            spec.nice = _NICE


def _for_end_to_end(node: WorkerController) -> bool:
    """Return whether a process is for end-to-end tests, or takes the place of such a one that has crashed."""
    return node.gateway.spec.nice is None


def pytest_configure_node(node: WorkerController) -> None:
    """Tell a process which tests are its own; None is all of them."""
    node.workerinput["end_to_end"] = _for_end_to_end(node) if _APART in node.config.stash else None


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Collect in a process only what it may run."""
    own = _own(config)
    if own is None:
        return None
    folder = config.rootpath / END_TO_END
    below = collection_path.is_relative_to(folder)
    return not own if below else own and not folder.is_relative_to(collection_path)


def _own(config: pytest.Config) -> bool | None:
    """Return whether this process is for end-to-end tests alone; None if it is for all tests."""
    own: bool | None = getattr(config, "workerinput", {}).get("end_to_end")
    return own


def pytest_sessionstart(session: pytest.Session) -> None:
    """Send one report for each test, instead of three, unless somebody asks how long the parts take."""
    session.config.stash[_SESSION] = session
    if session.config.option.durations:
        return
    for plugin in session.config.pluginmanager.get_plugins():
        if type(plugin).__name__ == "WorkerInteractor":
            plugin.sendevent = partial(_send, plugin.sendevent)


def _send(send: Callable[..., None], name: str, **event: Any) -> None:
    report = event["data"] if name == "testreport" else None
    if report is None or report["when"] == "call" or report["outcome"] != "passed":
        send(name, **event)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Put the end-to-end tests first, then those that start other processes, and then those that stay together.

    So each process starts at most one Home Assistant, which lasts until none of them is left to be run, and in the end
    no process is left alone with a long one, such as all benchmarks.
    """
    if hasattr(config, "workerinput"):
        items.sort(key=_turn)


def _turn(item: pytest.Item) -> int:
    if item.nodeid.startswith(END_TO_END):
        return 0
    if item.get_closest_marker("process"):
        return 1
    return 2 if item.nodeid.startswith(TOGETHER) else 3


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> _Scheduler | _Apart:
    """Hand out the tests to the processes in this order."""
    config.option.loadscopereorder = False
    return _Apart(config, log) if _APART in config.stash else _Scheduler(config, log)


class _Scheduler(LoadScopeScheduling):  # type: ignore[misc]
    """Hands out end-to-end tests one by one, others with all their cases, and those that read the whole repository by module."""

    @override
    def _split_scope(self, nodeid: str) -> str:
        if nodeid.startswith(END_TO_END):
            return nodeid
        return nodeid.partition("::" if nodeid.startswith(TOGETHER) else "[")[0]

    @override
    def mark_test_complete(self, node: WorkerController, item_index: int, duration: float = 0) -> None:
        super().mark_test_complete(node, item_index, duration)
        # What is done is not counted again after each test.
        scope = self._split_scope(self.registered_collections[node][item_index])
        if all(self.assigned_work[node][scope].values()):
            del self.assigned_work[node][scope]


class _Apart:
    """Two schedulers: one for the processes of end-to-end tests, one for those of all others.

    What its methods do is said by the protocol of xdist, `xdist.scheduler.Scheduling`.
    """

    def __init__(self, config: pytest.Config, log: Producer) -> None:
        """Expect as many processes for each of the two as were asked for."""
        self.config = config
        self._others, self._end_to_end = self._both = _Scheduler(config, log), _Scheduler(config, log)
        self._end_to_end.numnodes = config.stash[_APART]
        self._others.numnodes -= self._end_to_end.numnodes

    def _of(self, node: WorkerController) -> _Scheduler:
        return self._end_to_end if _for_end_to_end(node) else self._others

    @property
    def nodes(self) -> list[WorkerController]:
        return [node for each in self._both for node in each.nodes]

    @property
    def collection_is_completed(self) -> bool:
        # One of the two can begin.
        return any(each.collection_is_completed for each in self._both)

    @property
    def tests_finished(self) -> bool:
        return all(each.tests_finished for each in self._both)

    @property
    def has_pending(self) -> bool:
        return any(each.has_pending for each in self._both)

    def add_node(self, node: WorkerController) -> None:
        self._of(node).add_node(node)

    def add_node_collection(self, node: WorkerController, collection: Sequence[str]) -> None:
        self._of(node).add_node_collection(node, collection)

    def remove_node(self, node: WorkerController) -> str | None:
        crashed: str | None = self._of(node).remove_node(node)
        return crashed

    def mark_test_complete(self, node: WorkerController, item_index: int, duration: float = 0) -> None:
        self._of(node).mark_test_complete(node, item_index, duration)

    def schedule(self) -> None:
        for each in self._both:
            if each.collection_is_completed:
                each.schedule()
        # For the percentages that are shown.
        self.config.stash[_SESSION].testscollected = sum(len(each.collection or ()) for each in self._both)
