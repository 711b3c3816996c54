"""The endpoints as tools for assistants, by the Model Context Protocol (MCP). Only where `Settings.mcp` says so.

entrance   the route /mcp: sessions, bounds, and arguments that never reach the library   server   the library's part
tools      each endpoint's tool, made from its declaration                               calls    a tool's call

Gradio brings a server of its own, which is not used: it takes any path or web address for a photo, knows no session to
tell one caller's intent from another's, and lays results down as files. The package `mcp` is imported only where it is
on; nothing else may import `server`, `tools` or `calls`.
"""

from importlib.metadata import PackageNotFoundError, version

from ...settings import SettingsError

PATH = "mcp"


def check_mcp_package() -> None:
    """Raises SettingsError when MCP's package is missing or of another kind."""
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
