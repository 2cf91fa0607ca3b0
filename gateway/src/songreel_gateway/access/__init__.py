"""Who may do what, and how much of it: projects, keys, tokens, quotas, rates, audit."""
