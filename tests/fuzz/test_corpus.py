"""The fuzzer's corpus, replayed without the fuzzer; `scripts/fuzz` goes on from it."""

from hypothesis import given, strategies as st
import pytest

from tests.fuzz.corpus import CORPUS, seeds
from tests.fuzz.target import fuzz_one


def test_corpus_holds_the_published_bytes() -> None:
    """`python -m tests.fuzz.corpus` writes them."""
    kept = {file.read_bytes() for file in CORPUS.iterdir()}
    assert set(seeds()) <= kept


@pytest.mark.parametrize("way", range(24))
def test_corpus(way: int) -> None:
    """Every input in every way in."""
    for file in CORPUS.iterdir():
        fuzz_one(bytes([way]) + file.read_bytes()[1:])


@given(seed=st.sampled_from(seeds()), edits=st.lists(st.tuples(st.integers(0, 200), st.binary(max_size=3))))
def test_mutated_seeds(seed: bytes, edits: list[tuple[int, bytes]]) -> None:
    """Recorded messages with pieces replaced, taken out and put in."""
    data = bytearray(seed)
    for position, piece in edits:
        at = 2 + position % max(1, len(data) - 2)
        data[at : at + 1] = piece
    fuzz_one(bytes(data))
