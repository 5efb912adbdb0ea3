"""The report about interoperability: it counts what it says, and is not out of date."""

import pytest

from scripts.lib import interop_report as report
from scripts.lib.interop_report import Case
from tests.vectors import VECTORS

pytest.importorskip("pyNukiBT.nuki", reason="pyNukiBT cannot be imported", exc_type=ImportError)

from tests.interop.test_pynukibt import OPERATIONS


def case(test: str, parameters: str = "", *, passed: bool = True) -> Case:
    return Case(module=report.JUDGE, test=test, parameters=parameters, passed=passed)


def test_an_operation_succeeds_if_all_its_cases_do() -> None:
    operations = {
        "pair": "test_pairs",
        "act(LOCK)": "test_acts",
        "act(UNLOCK)": "test_acts",
        "gone": "test_gone",
    }
    cases = [
        case("test_pairs", "gen3"),
        case("test_pairs", "ultra", passed=False),
        case("test_acts", "LOCK-gen3"),
        case("test_acts", "UNLOCK-gen3", passed=False),
        case("test_acts", "UNLOCK-ultra"),
    ]
    table = report.passing_operations(operations, cases)
    assert table == {
        "pair": {"gen3": True, "ultra": False},
        "act(LOCK)": {"gen3": True},
        "act(UNLOCK)": {"gen3": False, "ultra": True},
        "gone": {},
    }
    text = report.render(table, dict.fromkeys(VECTORS, True), len(cases))
    assert "| `pair` |  | yes |  | **no** |" in text
    assert "* Operations of pyNukiBT that succeed: 1 of 4" in text


def test_a_vector_without_a_case_is_not_reproduced() -> None:
    first, second, *_ = [vector for vector in VECTORS if vector != "crc-check-value"]
    cases = [
        case("test_crc_check_value"),
        case("test_plain_frame", first),
        case("test_authenticator", second),
        case("test_plain_frame", second, passed=False),
    ]
    passing = report.passing_vectors(cases)
    assert {vector for vector, passed in passing.items() if passed} == {"crc-check-value", first}


def test_the_document_is_about_what_is_declared_now() -> None:
    """Counted again by scripts/interop, but never silently about fewer commands or operations."""
    text = report.TARGET.read_text(encoding="utf-8")
    total = sum(len(found) for found in report.declared().values())
    assert f"* Commands declared: {total}\n" in text
    assert f" of {len(VECTORS)}, " in text
    for operation in OPERATIONS:
        assert f"| `{operation}` |" in text
    assert "\n".join(report.other_clients()) in text
