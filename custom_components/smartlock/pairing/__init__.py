"""Pairing: the dialog, and keys that must not be lost."""
