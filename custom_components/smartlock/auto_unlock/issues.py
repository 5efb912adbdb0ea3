"""Repairs about one rule: what it needs is gone, or a question to its owner."""

from collections.abc import Collection, Mapping

from homeassistant.core import callback

from custom_components.smartlock.issues import LockIssues

FLOW = "auto_unlock"
PHONE, GONE = "auto_unlock_phone", "auto_unlock_reference_gone"
_KINDS = (PHONE, GONE)


class RuleIssues:
    """The issues of one rule."""

    def __init__(self, issues: LockIssues, lock: str, subentry_id: str) -> None:
        """Show none yet; `lock` is its name."""
        self._issues = issues
        self._lock = lock
        self._subentry_id = subentry_id

    @callback
    def show(self, name: str, kind: str, placeholders: Mapping[str, str]) -> None:
        """Show an issue of a kind, PHONE or GONE; `name` tells it from others of the rule."""
        self._issues.show(
            kind,
            subject=self._subject(name),
            flow=FLOW if kind == PHONE else None,
            data={"rule": self._subentry_id},
            learn_more="docs/auto-unlock.md#repairs",
            placeholders={"lock": self._lock, **placeholders},
        )

    @callback
    def withdraw(self, name: str) -> None:
        """Take an issue back."""
        for kind in _KINDS:
            self._issues.withdraw(kind, self._subject(name))

    @callback
    def keep_only(self, names: Collection[str]) -> None:
        """Take back all issues of the rule but these."""
        kept = {self._subject(name) for name in names}
        for kind in _KINDS:
            self._issues.keep_only(
                kind, lambda subject: _rule_of(subject) != self._subentry_id or subject in kept
            )

    def _subject(self, name: str) -> str:
        return f"{self._subentry_id}.{name}"


def _rule_of(subject: str) -> str:
    return subject.partition(".")[0]


@callback
def async_forget_other_rules(issues: LockIssues, subentry_ids: Collection[str]) -> None:
    """Take back the issues of rules that there are no more."""
    for kind in _KINDS:
        issues.keep_only(kind, lambda subject: _rule_of(subject) in subentry_ids)
