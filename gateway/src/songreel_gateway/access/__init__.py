"""Access control: projects, keys, tokens, roles, quotas, rates, audit."""
