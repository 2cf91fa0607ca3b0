"""From a plan to notes: engines behind one interface, one row of a table each."""
