"""What an owner does with Home Assistant: call actions, add, look at and remove devices."""

import asyncio
from typing import Any, Final, override

from simulator.home_assistant.connection import WAIT_TIMEOUT, Connection, timed_out

__all__ = ["FlowResult", "HomeAssistantApi"]

# Discovered flows are asked for; their event is not among those a client can subscribe to.
POLL_INTERVAL: Final = 0.2

FLOWS: Final = "/api/config/config_entries/flow"
SUBENTRY_FLOWS: Final = "/api/config/config_entries/subentries/flow"

# A step, or the end, of a config flow as Home Assistant's API describes it: "type", "step_id",
# "errors", "data_schema", "reason", ...
type FlowResult = dict[str, Any]


class HomeAssistantApi(Connection):
    """The owner's connection to a running Home Assistant."""

    @override
    async def set_up(self) -> None:
        self._progressed: set[str] = set()
        self._subentry_flows: set[str] = set()
        await super().set_up()
        await self.subscribe("data_entry_flow_progressed", lambda data: self._progressed.add(data["flow_id"]))

    async def running_state(self) -> str:
        """Return the phase of Home Assistant's life, "RUNNING" when everything is set up."""
        config = await self.command("get_config")
        state: str = config["state"]
        return state

    async def call(self, action: str, entity_id: str | None = None, /, **data: Any) -> None:
        """Call an action such as "lock.unlock", and wait until it has been done.

        Raises:
            RequestError: It failed; with the text that a person would see.
        """
        domain, service = action.split(".")
        target = {"entity_id": entity_id} if entity_id else {}
        await self.command("call_service", domain=domain, service=service, service_data=data, target=target)

    # Registries

    async def entries(self, domain: str) -> list[dict[str, Any]]:
        """Return the config entries of an integration."""
        entries: list[dict[str, Any]] = await self.command("config_entries/get", domain=domain)
        return entries

    async def remove_entry(self, entry_id: str) -> None:
        """Remove a config entry with its devices and entities."""
        await self.request("DELETE", f"/api/config/config_entries/entry/{entry_id}")

    async def subentries(self, entry_id: str) -> list[dict[str, Any]]:
        """Return the subentries of a config entry."""
        subentries: list[dict[str, Any]] = await self.command(
            "config_entries/subentries/list", entry_id=entry_id
        )
        return subentries

    async def remove_subentry(self, entry_id: str, subentry_id: str) -> None:
        """Remove a subentry with its devices and entities."""
        await self.command("config_entries/subentries/delete", entry_id=entry_id, subentry_id=subentry_id)

    async def set_entry_disabled(self, entry_id: str, *, disabled: bool) -> None:
        """Disable a config entry, which unloads it, or enable it again."""
        by = "user" if disabled else None
        await self.command("config_entries/disable", entry_id=entry_id, disabled_by=by)

    async def entity_ids(self, domain: str) -> dict[str, str]:
        """Return the entity ids of an integration by the unique ids of its entities."""
        entities = await self.command("config/entity_registry/list")
        return {
            entity["unique_id"]: entity["entity_id"] for entity in entities if entity["platform"] == domain
        }

    async def devices(self, domain: str) -> list[dict[str, Any]]:
        """Return the devices that an integration identifies."""
        devices: list[dict[str, Any]] = await self.command("config/device_registry/list")
        return [device for device in devices if any(known[0] == domain for known in device["identifiers"])]

    # Config flows

    async def discovered(self, domain: str) -> list[dict[str, Any]]:
        """Return the config flows of an integration that discovery has started."""
        flows: list[dict[str, Any]] = await self.command("config_entries/flow/progress")
        return [flow for flow in flows if flow["handler"] == domain]

    async def wait_for_discovery(
        self, domain: str, unique_id: str | None = None, *, timeout: float = WAIT_TIMEOUT
    ) -> str:
        """Wait until an integration has discovered something; return the id of the config flow."""
        try:
            async with asyncio.timeout(timeout):
                while True:
                    for flow in await self.discovered(domain):
                        if unique_id in (None, flow["context"].get("unique_id")):
                            flow_id: str = flow["flow_id"]
                            return flow_id
                    await asyncio.sleep(POLL_INTERVAL)
        except TimeoutError:
            what = f"{domain} to discover {unique_id or 'a device'}"
            raise timed_out(what, timeout) from None

    async def start_flow(self, domain: str) -> FlowResult:
        """Start the config flow of an integration as a user does."""
        result: FlowResult = await self.request("POST", FLOWS, {"handler": domain})
        return result

    async def start_subentry_flow(
        self, entry_id: str, kind: str, subentry_id: str | None = None
    ) -> FlowResult:
        """Start the config flow for a new subentry of a config entry, or for one that is to be changed.

        From then on it is like any other flow.
        """
        about: dict[str, Any] = {"handler": [entry_id, kind]}
        if subentry_id is not None:
            about["subentry_id"] = subentry_id
        result: FlowResult = await self.request("POST", SUBENTRY_FLOWS, about)
        self._subentry_flows.add(result["flow_id"])
        return result

    def _path(self, flow_id: str) -> str:
        return f"{SUBENTRY_FLOWS if flow_id in self._subentry_flows else FLOWS}/{flow_id}"

    async def flow(self, flow_id: str) -> FlowResult:
        """Return what a config flow shows now; a progress step that is done shows what follows."""
        result: FlowResult = await self.request("GET", self._path(flow_id))
        return result

    async def submit(self, flow_id: str, **values: Any) -> FlowResult:
        """Submit the form that a config flow shows, and return what it shows then."""
        result: FlowResult = await self.request("POST", self._path(flow_id), values)
        return result

    async def finish_progress(self, flow_id: str, *, timeout: float = WAIT_TIMEOUT) -> FlowResult:
        """Wait until a config flow no longer shows progress; return what it shows then."""
        while True:
            # Before asking, so that nothing that happens meanwhile is missed.
            self._progressed.discard(flow_id)
            result = await self.flow(flow_id)
            if result["type"] != "progress":
                return result
            await self.wait_for(
                f"the config flow to finish {result['progress_action']}",
                lambda: flow_id in self._progressed,
                timeout,
            )

    async def cancel_flow(self, flow_id: str) -> None:
        """Close the dialog of a config flow."""
        await self.request("DELETE", self._path(flow_id))
