"""When the lock is in range, and when it is read."""
