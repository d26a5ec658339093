"""The promises of the whole, kept by the real server, a real website and a real browser."""
