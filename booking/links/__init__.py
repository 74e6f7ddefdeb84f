"""One-tap pages behind the links of messages."""
