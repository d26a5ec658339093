"""What stands in every pack so that it can be verified without this project: it shares no code with it."""
