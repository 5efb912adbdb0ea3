"""Pure decisions about what is saved, lost and restored."""
