"""The clocks of our own machine."""
