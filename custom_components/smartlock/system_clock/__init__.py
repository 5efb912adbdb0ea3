"""The clocks of the machine that we run on."""
