"""E-mail and SMS: how a message leaves, and what comes back."""
