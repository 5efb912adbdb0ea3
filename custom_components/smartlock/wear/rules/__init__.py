"""Pure decisions about wear."""
