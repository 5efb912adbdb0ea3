"""Checks that whatever a flow shows has a text."""

from collections.abc import Generator
from contextlib import contextmanager
from functools import cache
import json
from pathlib import Path
import string
from typing import Any
from unittest.mock import patch

from homeassistant.components.repairs.issue_handler import RepairsFlowManager
from homeassistant.data_entry_flow import FlowManager, FlowResultType
from homeassistant.helpers import issue_registry as ir

from custom_components.smartlock.const import DOMAIN

__all__ = ["english", "missing_texts", "watch_flows"]

TRANSLATIONS = Path(__file__).parents[2] / "custom_components" / DOMAIN / "translations"


@cache
def english() -> dict[str, Any]:
    """Return the English texts."""
    texts: dict[str, Any] = json.loads((TRANSLATIONS / "en.json").read_text(encoding="utf-8"))
    return texts


def missing_texts(
    result: dict[str, Any], texts: dict[str, Any], *, issue: ir.IssueEntry | None = None
) -> list[str]:
    """Return the keys for which a result of a flow has no text in their section, or one with placeholders left over.

    `issue` is what a repair is about: its placeholders are filled in as well, into titles too.
    """
    step = f"step.{result.get('step_id')}"
    wanted: list[str] = []
    match result["type"]:
        case FlowResultType.FORM:
            wanted += [f"{step}.title", f"{step}.description"]
            for field in result["data_schema"].schema if result["data_schema"] else ():
                wanted += [f"{step}.data.{field}", f"{step}.data_description.{field}"]
            wanted += [f"error.{key}" for key in (result["errors"] or {}).values()]
        case FlowResultType.MENU:
            wanted += [f"{step}.title", *(f"{step}.menu_options.{each}" for each in result["menu_options"])]
        case FlowResultType.CREATE_ENTRY if description := result.get("description"):
            wanted.append(f"create_entry.{description}")
        case FlowResultType.ABORT if result.get("translation_domain") is None:
            wanted.append(f"abort.{result['reason']}")
        case FlowResultType.SHOW_PROGRESS:
            wanted.append(f"progress.{result['progress_action']}")
    given = set(result.get("description_placeholders") or {})
    if issue is not None:
        given |= set(issue.translation_placeholders or {})
    # The frontend fills nothing into the title of a menu, except in repairs.
    in_titles = given if result["type"] is FlowResultType.FORM or issue is not None else set()
    return [
        key
        for key in wanted
        if not (text := _text(texts, key))
        or not _placeholders(text) <= (in_titles if key.endswith(".title") else given)
    ]


def _placeholders(text: str) -> set[str]:
    return {field for _, field, _, _ in string.Formatter().parse(text) if field}


def _text(texts: Any, key: str) -> Any:
    for part in key.split("."):
        texts = texts.get(part, {})
    return texts


@contextmanager
def watch_flows() -> Generator[None]:
    """Fail at the end if our flow showed something without a text meanwhile."""
    texts, missing = english(), []
    handle_step = FlowManager._async_handle_step

    async def watched(self: Any, flow: Any, *args: Any) -> Any:
        result = await handle_step(self, flow, *args)
        # The handler of an options flow is the entry that it is about.
        entry = self.hass.config_entries.async_get_entry(result["handler"])
        if isinstance(self, RepairsFlowManager):
            issue = ir.async_get(self.hass).async_get_issue(DOMAIN, flow.issue_id)
            # The form that only confirms, for a lock that is gone, has no text of ours.
            if issue is not None and result["type"] is not FlowResultType.CREATE_ENTRY:
                section = texts["issues"][issue.translation_key]["fix_flow"]
                missing.extend(missing_texts(result, section, issue=issue))
        elif entry is not None and entry.domain == DOMAIN:
            missing.extend(missing_texts(result, texts["options"]))
        elif isinstance(result["handler"], tuple):
            # A flow for a config subentry: the entry, and the kind of subentry.
            if self.hass.config_entries.async_get_entry(result["handler"][0]).domain == DOMAIN:
                missing.extend(missing_texts(result, texts["config_subentries"][result["handler"][1]]))
        elif result["handler"] == DOMAIN:
            missing.extend(missing_texts(result, texts["config"]))
        return result

    with patch.object(FlowManager, "_async_handle_step", watched):
        yield
    assert missing == []
