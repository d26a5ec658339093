"""What a website really stores and asks for: seen in a browser, compared with the catalog, reported."""
