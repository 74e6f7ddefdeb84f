"""bin/faults: what becomes of messages when something breaks, on a real stack."""
