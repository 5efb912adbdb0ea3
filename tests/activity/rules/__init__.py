"""What of a log is new."""
