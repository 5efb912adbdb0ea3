"""The rule's phases, one after the other."""

from custom_components.smartlock.features.proximity import Fire, Phase, PreConnect, Tick
from tests.features.proximity.scenes import Scene


def test_a_day() -> None:
    """Leave, come back, be let in once; not armed afterwards."""
    scene = Scene()
    scene.come_back()
    came = scene.walk_up()
    assert [type(effect) for effect in came] == [PreConnect, Fire]
    assert scene.is_in(Phase.FIRED)
    scene.answer()
    assert scene.is_in(Phase.COOLING_DOWN)
    scene.tell(Tick(), scene.settings.cool_down + 1)
    assert scene.is_in(Phase.HOME)
    assert not scene.walk_up()
