"""Auto-unlock: feeds its rules with events from Home Assistant, and performs their effects."""
