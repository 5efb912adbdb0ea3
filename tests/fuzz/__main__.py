"""Runs the fuzzer: `scripts/fuzz` calls it with libFuzzer's options."""

import sys

import atheris

with atheris.instrument_imports(include=["custom_components.smartlock.protocol", "tests.fuzz.target"]):
    from tests.fuzz.target import fuzz_one

if __name__ == "__main__":
    atheris.Setup(sys.argv, fuzz_one)
    atheris.Fuzz()
