"""`python -m consent_server` is `consent-server`."""

from consent_server.cli import main

main()
