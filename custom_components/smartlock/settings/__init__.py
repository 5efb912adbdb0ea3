"""What the owner has set in the lock: shown, changed, kept, put back after a battery change."""
