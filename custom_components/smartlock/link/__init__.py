"""When the lock is heard, and when it is read."""
