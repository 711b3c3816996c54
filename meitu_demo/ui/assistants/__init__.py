"""MCP server: the endpoints as tools for assistants (Model Context Protocol), if `Settings.mcp` is on.

Gradio's MCP server is not used: it accepts any path or URL as a photo, has no sessions, and writes results to files.
The package `mcp` is optional: `server` and `tools` are imported only if it is on.
"""

from importlib.metadata import PackageNotFoundError, version

from ...settings import SettingsError

PATH = "mcp"


def check_mcp_package() -> None:
    """Raises SettingsError if the package mcp is missing or has another major version."""
    try:
        installed_version = version("mcp")
    except PackageNotFoundError:
        installed_version = ""
    if not installed_version.startswith("1."):
        problem = f"version {installed_version} is installed" if installed_version else "it is not installed"
        raise SettingsError(
            f"MCP=on needs the package mcp, version 1, and {problem}: "
            "pip install -r requirements-mcp.txt, or pip install 'gradio[mcp]'"
        )
