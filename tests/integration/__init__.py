"""Home Assistant with the integration in it; of everything below, only the radio is simulated."""
