"""What happens to every call on a server.

Outermost first: calls in flight, tracing, call log, metrics, errors, the server's own guards
(who may call, and how often), admission, deadline, validation. One module each.
"""
