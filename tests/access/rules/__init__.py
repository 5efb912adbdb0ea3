"""What a right is."""
