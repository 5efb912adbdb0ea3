"""Rights, as pure values."""
