"""The security PIN: who may send it, and what the owner is asked about it."""
