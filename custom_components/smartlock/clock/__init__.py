"""The clock of the lock."""
