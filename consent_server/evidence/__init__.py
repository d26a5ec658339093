"""Evidence: signatures, tokens, exports and their verification. No database, no Flask, no network."""
