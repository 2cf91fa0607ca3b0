"""Real processes on one machine, their faults and their clients."""
