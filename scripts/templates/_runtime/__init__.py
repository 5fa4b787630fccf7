"""What lies under every package that is made here: plain Python that knows nothing of any API."""
