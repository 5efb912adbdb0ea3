"""Other ways into the lock, and what they mean for Home Assistant."""
