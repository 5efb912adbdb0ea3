"""The log of a lock, and how far it has been read."""
