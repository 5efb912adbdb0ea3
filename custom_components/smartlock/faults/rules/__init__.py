"""What the lock's faults are: pure decisions."""
