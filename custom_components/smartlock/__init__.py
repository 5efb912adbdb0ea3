"""Smart Lock."""
