"""Pure helpers shared by the rules of all features."""
