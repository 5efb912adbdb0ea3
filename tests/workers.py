"""How many processes share the tests of a run, and which tests stay together in one of them."""

from collections.abc import Callable
from functools import partial
import os
from typing import Any, override

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling
from xdist.workermanage import WorkerController

END_TO_END = "tests/e2e/"


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Take a process for each core if all tests are to run, and none where starting them takes longer than it saves.

    End-to-end tests mostly wait for a Home Assistant, which is a process of its own, so that there is room for more.
    """
    option = config.option
    some = config.args_source is not pytest.Config.ArgsSource.TESTPATHS or option.keyword or option.lf
    if some or option.collectonly:
        return 0
    cores = len(os.sched_getaffinity(0))
    return cores if "not e2e" in option.markexpr else cores + 2


def pytest_sessionstart(session: pytest.Session) -> None:
    """Send one report for each test, instead of three, unless somebody asks how long the parts take."""
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
    """Put the end-to-end tests first, and then those that start other processes.

    So each process starts at most one Home Assistant, which lasts until none of them is left to be run, and in the end
    no process is left alone with a long one, such as all benchmarks.
    """
    if hasattr(config, "workerinput"):
        items.sort(key=_turn)


def _turn(item: pytest.Item) -> int:
    if item.nodeid.startswith(END_TO_END):
        return 0
    return 1 if item.get_closest_marker("process") else 2


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadScopeScheduling:
    """Hand out the tests to the processes in this order."""
    config.option.loadscopereorder = False
    return _Scheduler(config, log)


class _Scheduler(LoadScopeScheduling):  # type: ignore[misc]
    """Hands out end-to-end tests one by one, others with all their cases."""

    @override
    def _split_scope(self, nodeid: str) -> str:
        return nodeid if nodeid.startswith(END_TO_END) else nodeid.partition("[")[0]

    @override
    def mark_test_complete(self, node: WorkerController, item_index: int, duration: float = 0) -> None:
        super().mark_test_complete(node, item_index, duration)
        # What is done is not counted again after each test.
        scope = self._split_scope(self.registered_collections[node][item_index])
        if all(self.assigned_work[node][scope].values()):
            del self.assigned_work[node][scope]
