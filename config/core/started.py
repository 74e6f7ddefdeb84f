"""When this program began, for whoever must keep to a time that counts its start as well."""

import time

AT = time.monotonic() - time.process_time()
"""Monotonic seconds. What ran before this was imported counts by the work it did."""
