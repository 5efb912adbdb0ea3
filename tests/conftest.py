"""What all tests share: how long the random ones look for trouble, and room for open files."""

import resource

from hypothesis import settings

# How long one example takes says nothing on a machine that does other work as well; CI has a profile of its own.
settings.register_profile("default", deadline=None)
if settings.get_current_profile_name() == "default":
    settings.load_profile("default")
# For a night or a weekend: scripts/test tests/client/test_random.py --hypothesis-profile=campaign
settings.register_profile(
    "campaign", max_examples=50_000, stateful_step_count=80, deadline=None, print_blob=True
)

# Each Home Assistant of a test leaves four files open (its USB watcher), which is more than the usual limit in all.
_FILES = 8192
_soft, _hard = resource.getrlimit(resource.RLIMIT_NOFILE)
if _hard == resource.RLIM_INFINITY or _hard > _soft:
    _wanted = _FILES if _hard == resource.RLIM_INFINITY else min(_FILES, _hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(_soft, _wanted), _hard))
