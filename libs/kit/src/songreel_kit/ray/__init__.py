"""Ray for the services that can use it; the only part of the kit that imports it."""

import os
import secrets
import sys

# Ray reads these when it is imported, and its processes inherit them.
_DEFAULTS = {
    # Nothing is sent to Ray's makers.
    "RAY_USAGE_STATS_ENABLED": "0",
    # Ray would tell at every start that it is going to do so at a later version anyway.
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    # What finds the connection gone is told so; Ray would look for some other Ray to join.
    "RAY_ENABLE_AUTO_CONNECT": "0",
    # Patience with its own processes on a busy machine, as it has in a cluster.
    "RAY_agent_register_timeout_ms": "100000",
    # Servers have handlers of their own; Ray's would print a stack at every SIGTERM.
    "RAY_DISABLE_FAILURE_SIGNAL_HANDLER": "1",
    # No processes that wait for work that never comes.
    "RAY_enable_worker_prestart": "0",
    # What runs there is what the machine is there for, not something beside other work.
    "RAY_worker_niceness": "0",
}
for _name, _value in _DEFAULTS.items():
    os.environ.setdefault(_name, _value)
# Whoever reaches Ray's ports can run code. When somebody else has imported Ray before, it is too
# late for this process, and the others have to be as it is.
if "ray" not in sys.modules:
    os.environ.setdefault("RAY_AUTH_MODE", "token")
    if not os.environ.get("RAY_AUTH_TOKEN") and not os.environ.get("RAY_AUTH_TOKEN_PATH"):
        os.environ["RAY_AUTH_TOKEN"] = secrets.token_hex(32)
