"""Mechanical faults: recorded, shown, reported, repaired."""
