"""What changes rows of the ledger after they were planned: the sweep, and decisions by hand."""
