"""Pure decisions about a lock's faults."""
