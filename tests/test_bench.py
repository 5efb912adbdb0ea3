"""The benchmarks run and print every row; what they measure is not judged here."""

import json
import math

import pytest

from benchmarks.__main__ import main
from benchmarks.groups import NAMES

pytest.importorskip(
    "pyNukiBT.nuki", reason="pyNukiBT cannot be imported (requirements_interop.txt)", exc_type=ImportError
)


@pytest.mark.interop
@pytest.mark.process
def test_every_row_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    main(["--json", "--quick"])
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["name"] for row in rows] == list(NAMES)
    for row in rows:
        assert set(row) == {"name", "value", "unit", "peer", "ratio"}
        assert all(math.isfinite(row[figure]) for figure in ("value", "peer", "ratio")), row
        assert row["unit"]
