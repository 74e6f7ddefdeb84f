"""Messages on their way: claimed, sent, recorded, and watched over."""
