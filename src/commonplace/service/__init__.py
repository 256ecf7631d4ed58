"""HTTP API, OpenAI-compatible endpoint, MCP server and the page. See docs/service.md."""

from commonplace.service._run import mcp_over_stdio, serve
from commonplace.service.access.settings import ServiceSettings
from commonplace.service.access.tokens import (
    ROLES,
    Role,
    Token,
    add_token,
    default_tokens,
    read_tokens,
    remove_token,
)

__all__ = [
    "ROLES",
    "Role",
    "ServiceSettings",
    "Token",
    "add_token",
    "default_tokens",
    "mcp_over_stdio",
    "read_tokens",
    "remove_token",
    "serve",
]
