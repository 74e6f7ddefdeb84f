"""Release held messages, as staff would: `python -m config.launch.inside faults.released`."""

import argparse
import json

from booking.delivery import quarantine
from config.core.models import Role, User


def main() -> None:
    """Release as many as are asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, required=True)
    asked = parser.parse_args()
    dan = User.objects.create_user(email="dan@example.com", role=Role.DISPATCHER, name="Dan Fox")
    chosen = quarantine.held().order_by("pk").values_list("pk", flat=True)[: asked.count]
    quarantine.release(notices=chosen, by=dan)
    print(json.dumps({"left": quarantine.held().count()}))
