"""Which entries of a log are new, as pure steps."""
