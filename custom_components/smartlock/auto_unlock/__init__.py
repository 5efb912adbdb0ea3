"""Auto-unlock: what Home Assistant tells its rules, and what they have it do."""
