"""Whether the lock turns harder than it used to: monitored, shown, reported."""
