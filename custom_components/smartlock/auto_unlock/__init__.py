"""Auto-unlock: what Home Assistant tells the rules of `features/proximity`, and what they have it do."""
