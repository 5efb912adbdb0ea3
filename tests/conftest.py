"""What all tests share: how long the random ones look for trouble."""

from hypothesis import settings

# For a night or a weekend: scripts/test tests/client/test_random.py --hypothesis-profile=campaign
settings.register_profile(
    "campaign", max_examples=50_000, stateful_step_count=80, deadline=None, print_blob=True
)
