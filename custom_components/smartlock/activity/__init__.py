"""What happened at the lock, according to its own log."""
