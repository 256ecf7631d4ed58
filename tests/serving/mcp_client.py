"""The official MCP client over HTTP, as the tests of the service use it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx2
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from service_running import Running


@asynccontextmanager
async def over_http(service: Running, token: str = "") -> AsyncIterator[Client]:
    """The official client, at the service's address."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    async with httpx2.AsyncClient(headers=headers, timeout=60, trust_env=False) as http:
        transport = streamable_http_client(f"{service.url}/mcp", http_client=http)
        async with Client(transport) as client:
            yield client
