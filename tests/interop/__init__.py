"""The virtual lock judged by clients of other people."""
