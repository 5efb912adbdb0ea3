"""What of a log is new, as pure steps."""
