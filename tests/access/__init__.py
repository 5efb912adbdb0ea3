"""Codes, authorizations and time control of a lock."""
