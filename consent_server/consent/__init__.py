"""From choice to receipt: decisions, receipts, withdrawal, and the ports that storage implements. Pure."""
