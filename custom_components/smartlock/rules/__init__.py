"""Pure helpers that the rules of all features share."""
