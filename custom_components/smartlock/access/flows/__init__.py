"""The forms about who may open a lock, and what it does on its own: steps of its options."""
