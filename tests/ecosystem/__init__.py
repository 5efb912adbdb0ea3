"""Other parts of Home Assistant next to ours, with their own code."""
