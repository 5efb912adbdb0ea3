"""A real Home Assistant in a process of its own, and what its owner does with it."""

from simulator.home_assistant.api import FlowResult, HomeAssistantApi
from simulator.home_assistant.connection import HomeAssistantError, Login, RequestError, State
from simulator.home_assistant.process import HomeAssistantProcess, free_port, port_is_free

__all__ = [
    "FlowResult",
    "HomeAssistantApi",
    "HomeAssistantError",
    "HomeAssistantProcess",
    "Login",
    "RequestError",
    "State",
    "free_port",
    "port_is_free",
]
