"""What happened at the lock, as its own log tells it."""
