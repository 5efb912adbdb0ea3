"""Tells people on their phones what a repair would tell them in Home Assistant."""
