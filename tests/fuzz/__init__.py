"""Coverage-guided fuzzing of what comes over the radio; opt-in, see `scripts/fuzz`."""
