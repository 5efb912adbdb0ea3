"""Repairs about one rule: something that it needs is gone, or there is a question to its owner."""

from collections.abc import Collection, Mapping

from homeassistant.core import callback

from custom_components.smartlock.issues import LockIssues

FLOW = "auto_unlock"
PHONE, GONE = "auto_unlock_phone", "auto_unlock_reference_gone"
_KINDS = (PHONE, GONE)


class RuleIssues:
    """The issues of one rule."""

    def __init__(self, issues: LockIssues, subentry_id: str) -> None:
        """Prepare; no issue is shown yet."""
        self._issues = issues
        self._subentry_id = subentry_id

    @callback
    def show(self, kind: str, placeholders: Mapping[str, str], subject: str = "") -> None:
        """Show an issue of a kind, PHONE or GONE; `subject` distinguishes it from the rule's others."""
        self._issues.show(
            kind,
            subject=self._about(subject),
            flow=FLOW if kind == PHONE else None,
            data={"rule": self._subentry_id},
            learn_more="docs/auto-unlock.md#repairs",
            placeholders=placeholders,
        )

    @callback
    def withdraw(self, kind: str, subject: str = "") -> None:
        """Withdraw an issue."""
        self._issues.withdraw(kind, self._about(subject))

    @callback
    def keep_only(self, gone: Collection[str]) -> None:
        """Withdraw all issues about what is gone, except these."""
        kept = {self._about(each) for each in gone}
        self._issues.keep_only(GONE, lambda about: _rule_of(about) != self._subentry_id or about in kept)

    @callback
    def withdraw_all(self) -> None:
        """Withdraw all issues of the rule."""
        self.keep_only(())
        self.withdraw(PHONE)

    def _about(self, subject: str) -> str:
        return f"{self._subentry_id}.{subject}"


def _rule_of(about: str) -> str:
    return about.partition(".")[0]


@callback
def async_forget_other_rules(issues: LockIssues, subentry_ids: Collection[str]) -> None:
    """Withdraw the issues of removed rules."""
    for kind in _KINDS:
        issues.keep_only(kind, lambda about: _rule_of(about) in subentry_ids)
