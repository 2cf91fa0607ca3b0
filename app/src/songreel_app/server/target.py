"""Which server a command works with."""

import os
from dataclasses import dataclass
from pathlib import Path

BACKENDS = ("process", "ray")
"""Where the render service can draw: in the server's process, or on Ray Serve."""
BACKEND_VARIABLE = "SONGREEL_RENDER_BACKEND"
"""The render service's own setting."""


@dataclass(frozen=True)
class ServerTarget:
    """The embedded server of a data folder, or a server elsewhere."""

    data: Path
    """Absolute path of the data folder."""
    server: str | None = None
    """`host:port` of a server elsewhere; None is the embedded one."""
    backend: str = ""
    """Where the embedded server has to draw; empty leaves it to the server."""

    @property
    def local(self) -> bool:
        """Whether the server is on this machine and sees its files."""
        return self.server is None

    @property
    def wanted_backend(self) -> str:
        """The backend asked for by option, or else by `SONGREEL_RENDER_BACKEND`."""
        return self.backend or os.environ.get(BACKEND_VARIABLE, "")
