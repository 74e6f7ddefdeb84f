"""The WSGI entry point gunicorn serves."""

import os

from django.core.wsgi import get_wsgi_application
from django.urls import reverse

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

application = get_wsgi_application()

# Bind shared tasks to the configured Celery app in web processes too.
from config.celery import app as celery_app  # noqa: E402
from config.core import memory  # noqa: E402
from config.safety.starting import refuse_unsafe  # noqa: E402

refuse_unsafe()
reverse("home")  # reads every address in, with what answers it, before what is loaded settles
memory.settle()

__all__ = ["application", "celery_app"]
