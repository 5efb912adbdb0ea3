"""The owner's settings in the lock: shown, changed, archived, restored after a battery change."""
