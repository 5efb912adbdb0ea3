"""What the lock does about each command; the table of them is `simulator.lock.requests.COMMANDS`."""
