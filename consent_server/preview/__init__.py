"""A page on this machine that shows a catalog as visitors will see it, while it is edited."""
