"""Custom components for development; never shipped."""
