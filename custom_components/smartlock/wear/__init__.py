"""Whether the lock runs harder than it used to: watched, shown, told."""
