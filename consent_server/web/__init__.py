"""HTTP: one blueprint a file, schemas, and refusals turned into answers. The only place with Flask."""
