"""HTTP API, OpenAI-compatible endpoint, MCP server and the page. See docs/service.md."""

from commonplace.service._run import mcp_over_stdio as mcp_over_stdio
from commonplace.service._run import serve as serve
from commonplace.service.access.settings import ServiceSettings as ServiceSettings
from commonplace.service.access.tokens import Role as Role
from commonplace.service.access.tokens import add_token as add_token
from commonplace.service.access.tokens import default_tokens as default_tokens
from commonplace.service.access.tokens import read_tokens as read_tokens
from commonplace.service.access.tokens import remove_token as remove_token
