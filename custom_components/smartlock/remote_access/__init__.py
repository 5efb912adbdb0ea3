"""Other ways into the lock, and their effect on Home Assistant."""
