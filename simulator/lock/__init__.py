"""The parts of the virtual lock; `simulator.virtual_lock` puts them together."""
