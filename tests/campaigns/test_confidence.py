"""The intervals, against values of printed tables."""

import pytest

from tests.campaigns.confidence import rate_interval, share_interval


@pytest.mark.parametrize(
    ("count", "low", "high"), [(0, 0.0, 3.689), (1, 0.0253, 5.572), (10, 4.795, 18.390), (50, 37.11, 65.92)]
)
def test_rate(count: int, low: float, high: float) -> None:
    assert rate_interval(count, 1) == pytest.approx((low, high), rel=2e-3, abs=1e-9)
    assert rate_interval(count, 10) == pytest.approx((low / 10, high / 10), rel=2e-3, abs=1e-9)


@pytest.mark.parametrize(
    ("count", "total", "low", "high"),
    [(0, 10, 0.0, 0.3085), (10, 10, 0.6915, 1.0), (5, 10, 0.1871, 0.8129), (95, 100, 0.8872, 0.9836)],
)
def test_share(count: int, total: int, low: float, high: float) -> None:
    assert share_interval(count, total) == pytest.approx((low, high), abs=2e-4)
