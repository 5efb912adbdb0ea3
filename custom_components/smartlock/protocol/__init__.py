"""The vendor's Bluetooth protocol: bytes, messages and sequences; no I/O, no clock.

`wire`, `enums`, `messages` and `dialects` declare it; `crypto` and `frames` encode and decode bytes;
`conversations` and `pairing` are the sequences; `channel` joins both; `beacon` reads advertisements.
"""
