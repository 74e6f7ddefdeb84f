"""The Celery app: beat is a doorbell, the tables are the truth."""

import os

from celery import Celery

from config.core.hearing import Hearing
from config.safety.starting import Safe

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("stillwater")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.steps["worker"].add(Safe)
app.steps["worker"].add(Hearing)
