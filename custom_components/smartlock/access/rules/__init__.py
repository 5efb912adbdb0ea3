"""What a right is, as pure values."""
