"""Every setting, from the environment, with defaults that run the demo.

Production (`STILLWATER_ENV=production`) refuses to start on an unsafe value: see
`config/safety/`. Each variable is described in `docs/settings.md`. Beside this file stand those
of accounts and of the API, when beat rings, and how the environment is read.
"""

from datetime import time
from pathlib import Path

import django_stubs_ext

from config import beat
from config.account_settings import *  # noqa: F403
from config.api_settings import *  # noqa: F403
from config.environment import PRODUCTION, STILLWATER_ENV, env  # noqa: F401

# Lets forms and admins name their model in brackets at run time as the type checker reads it.
django_stubs_ext.monkeypatch()

BASE_DIR = Path(__file__).resolve().parent.parent

# -- what kind of instance this is -------------------------------------------------------------
DEBUG = env.bool("DEBUG", default=False)
INSECURE_SECRET_KEY = "insecure-only-for-development-and-the-demo"  # noqa: S105
SECRET_KEY = env.str("SECRET_KEY", default=INSECURE_SECRET_KEY)
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
SITE_URL = env.str("SITE_URL", default="http://127.0.0.1:8000").rstrip("/")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
CLINIC_NAME = env.str("CLINIC_NAME", default="Stillwater")
CLINIC_PHONE = env.str("CLINIC_PHONE", default="+1 312 555 0100")
# Where consultations are held by video; `{visit}` becomes an unguessable name for the room.
CONSULTATION_URL = env.str("CONSULTATION_URL", default="")
CLINIC_TIME_ZONE = env.str("CLINIC_TIME_ZONE", default="America/Chicago")
EMERGENCY_NUMBER = env.str("EMERGENCY_NUMBER", default="911")
# What a patient reads before cancelling, after what it costs.
CANCELLATION_POLICY = env.str("CANCELLATION_POLICY", default="")

# -- apps --------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "unfold",
    "unfold.contrib.forms",
    # config/urls.py has it look for what it shows: a command or a worker needs none of it.
    "django.contrib.admin.apps.SimpleAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "django.contrib.sitemaps",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.forms",
    "pgtrigger",
    "rest_framework",
    "drf_standardized_errors",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "allauth",
    "allauth.account",
    "allauth.headless",
    "allauth.mfa",
    "allauth.usersessions",
    "anymail",
    "django_htmx",
    "config.core",
    "config.safety",
    "patients",
    "scheduling",
    "booking",
    "nurses",
    "config.demo",
]
MIDDLEWARE = [
    "config.core.policies.PagePolicy",
    "config.core.reading.PlainText",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "config.core.policies.KeptNowhere",
    "allauth.account.middleware.AccountMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "patients.languages.PageLanguage",
    "config.core.zones.ClinicZone",
    "django_htmx.middleware.HtmxMiddleware",
]
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "config" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "config.core.context.site",
            ],
            "builtins": ["config.core.templatetags.pages"],
        },
    },
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

# -- engines -----------------------------------------------------------------------------------
# No default address: `manage.py` says which variable to set at the first connection.
DATABASE_URL = env.str("DATABASE_URL", default="")
REDIS_URL = env.str("REDIS_URL", default="")
DATABASES = {
    "default": {
        **env.db_url_config(DATABASE_URL or "postgres://database-url-is-not-set/stillwater"),
        "ENGINE": "config.core.postgres",
        "CONN_MAX_AGE": env.int("CONN_MAX_AGE", default=600),
        "CONN_HEALTH_CHECKS": True,
        "ATOMIC_REQUESTS": False,
    },
}
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL or "redis://redis-url-is-not-set",
        "KEY_PREFIX": "stillwater",
    },
}

# -- Celery ------------------------------------------------------------------------------------
# Celery spells a unix socket its own way.
CELERY_BROKER_URL = CACHES["default"]["LOCATION"].replace("unix://", "redis+socket://", 1)
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
# A doorbell that a killed worker took with it rings again after this many seconds.
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 600,
    "socket_timeout": 30,
    "socket_connect_timeout": 5,
    "socket_keepalive": True,
    "health_check_interval": 10,
}
# Each worker hears a queue of its own, over which it finds out whether it still hears.
CELERY_WORKER_DIRECT = True
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_SERIALIZER = "json"
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TIMEZONE = "UTC"
CELERY_TASK_TIME_LIMIT = 300
# A search takes all of a processor, and a provider may hang: each has workers of its own, so that
# no message waits for a search, and no sweep for a message.
CELERY_TASK_ROUTES = {
    "nurses.tasks.plan_days": {"queue": "dispatch"},
    "booking.tasks.send_due_notices": {"queue": "notices"},
}
CELERY_BEAT_SCHEDULE = beat.SCHEDULE

# -- sessions, and what browsers are told --------------------------------------------------------
MFA_TOTP_ISSUER = CLINIC_NAME
SESSION_ENGINE = "config.core.sessions"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = env.int("SESSION_COOKIE_AGE", default=60 * 60 * 12)
SESSION_COOKIE_SECURE = PRODUCTION
CSRF_COOKIE_SECURE = PRODUCTION
CSRF_FAILURE_VIEW = "config.frame.stale_form"
LANGUAGE_COOKIE_SECURE = PRODUCTION
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_AGE = 60 * 60 * 24 * 365
SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=PRODUCTION)
# A probe asks the process itself, not the proxy before it.
SECURE_REDIRECT_EXEMPT = [r"^(livez|readyz)$"]
SECURE_PROXY_SSL_HEADER = (
    ("HTTP_X_FORWARDED_PROTO", "https") if env.bool("BEHIND_TLS_PROXY", default=False) else None
)
SECURE_HSTS_SECONDS = env.int("SECURE_HSTS_SECONDS", default=31_536_000 if PRODUCTION else 0)
SECURE_HSTS_INCLUDE_SUBDOMAINS = PRODUCTION
SECURE_HSTS_PRELOAD = PRODUCTION
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
# What pages need beyond this, and which: config/core/policies.py.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'"],
        "object-src": ["'none'"],
        "frame-src": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    }
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000_000

# -- API ---------------------------------------------------------------------------------------
IDEMPOTENCY_KEEP_HOURS = env.int("IDEMPOTENCY_KEEP_HOURS", default=48)

# -- messages ----------------------------------------------------------------------------------
OUTBOX_DIR = Path(env.str("OUTBOX_DIR", default=str(BASE_DIR / "var" / "outbox")))
EMAIL_URL = env.str("EMAIL_URL", default="")
EMAIL_TIMEOUT = 10
# A provider of django-anymail by its module's name, and its keys as that library names them.
EMAIL_PROVIDER = env.str("EMAIL_PROVIDER", default="")
ANYMAIL = env.json("ANYMAIL", default={}) | {"REQUESTS_TIMEOUT": EMAIL_TIMEOUT / 2}
if EMAIL_PROVIDER:
    EMAIL_BACKEND = f"anymail.backends.{EMAIL_PROVIDER}.EmailBackend"
elif EMAIL_URL:
    vars().update(env.email_url_config(EMAIL_URL))
else:
    EMAIL_BACKEND = "config.core.outbox.EmailBackend"
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default=f"{CLINIC_NAME} <care@example.com>")
ON_CALL_EMAILS = env.list("ON_CALL_EMAILS", default=["on-call@example.com"])
ON_CALL_PHONES = env.list("ON_CALL_PHONES", default=[])
# A service's address as Apprise writes it; `{to}` becomes the number, `{id}` the message's own key.
SMS_URL = env.str("SMS_URL", default="")
SMS_WEBHOOK_SECRET = env.str("SMS_WEBHOOK_SECRET", default="")
BOOKED_GRACE_SECONDS = env.int("BOOKED_GRACE_SECONDS", default=180)
NOTICE_LEASE_SECONDS = env.int("NOTICE_LEASE_SECONDS", default=60)
NOTICE_LANES = env.int("NOTICE_LANES", default=4)

# -- money: amounts in cents -----------------------------------------------------------------------
CURRENCY = env.str("CURRENCY", default="usd")
# therapy -> what is asked for once a visit is booked
DEPOSITS = env.json("DEPOSITS", default={})
DEPOSIT_HOURS = env.int("DEPOSIT_HOURS", default=24)
CANCEL_FREE_HOURS = env.int("CANCEL_FREE_HOURS", default=24)
CANCEL_FEE_PERCENT = env.int("CANCEL_FEE_PERCENT", default=50)
NO_SHOW_FEE_PERCENT = env.int("NO_SHOW_FEE_PERCENT", default=100)
# Without a key nothing is paid here: pages say the price, and that a bill comes.
STRIPE_SECRET_KEY = env.str("STRIPE_SECRET_KEY", default="")
STRIPE_WEBHOOK_SECRET = env.str("STRIPE_WEBHOOK_SECRET", default="")
STRIPE_API_BASE = env.str("STRIPE_API_BASE", default="https://api.stripe.com").rstrip("/")
OFFER_MINUTES = env.int("OFFER_MINUTES", default=120)

# -- clinical policy: looser than the floors in config/core/policy.py is refused ----------------
HEAVY_MEAL_HOURS = env.int("HEAVY_MEAL_HOURS", default=8)
FOOD_HOURS = env.int("FOOD_HOURS", default=6)
LIQUIDS_HOURS = env.int("LIQUIDS_HOURS", default=2)
DRIVING_HOURS = env.int("DRIVING_HOURS", default=24)
SERVICE_OPENS = time.fromisoformat(env.str("SERVICE_OPENS", default="08:00"))
SERVICE_CLOSES = time.fromisoformat(env.str("SERVICE_CLOSES", default="20:00"))
NOTICE_HOURS = env.int("NOTICE_HOURS", default=24)
HORIZON_DAYS = env.int("HORIZON_DAYS", default=60)
MAX_DRIVING_MINUTES = env.int("MAX_DRIVING_MINUTES", default=300)
MAX_WORKING_MINUTES = env.int("MAX_WORKING_MINUTES", default=720)
OBSERVATION_FLOOR_MINUTES = env.int("OBSERVATION_FLOOR_MINUTES", default=60)
INTAKE_DAYS = env.int("INTAKE_DAYS", default=90)
INTAKE_FULL_DAYS = env.int("INTAKE_FULL_DAYS", default=180)

# -- travel: none is the crow's flight, lengthened ----------------------------------------------
TRAVEL_URL = env.str("TRAVEL_URL", default="")
TRAVEL_SECONDS = env.float("TRAVEL_SECONDS", default=2.0)
TRAVEL_CACHE_DAYS = env.int("TRAVEL_CACHE_DAYS", default=30)
TRAVEL_FALLBACK_FACTOR = env.float("TRAVEL_FALLBACK_FACTOR", default=1.5)

# -- dispatch: who goes where ---------------------------------------------------------------------
DISPATCH_SECONDS = env.int("DISPATCH_SECONDS", default=10)
DISPATCH_DAYS_AHEAD = env.int("DISPATCH_DAYS_AHEAD", default=14)
DISPATCH_WAIT_MINUTES = env.int("DISPATCH_WAIT_MINUTES", default=5)
DISPATCH_PUBLISH_HOUR = time.fromisoformat(env.str("DISPATCH_PUBLISH_HOUR", default="18:00"))
DISPATCH_CONTINUITY_METRES = env.int("DISPATCH_CONTINUITY_METRES", default=5000)
DISPATCH_CHANGE_METRES = env.int("DISPATCH_CHANGE_METRES", default=2000)
DISPATCH_UNEVEN_METRES = env.int("DISPATCH_UNEVEN_METRES", default=1000)

# -- words, time, files ------------------------------------------------------------------------
LANGUAGE_CODE = "en-us"
LANGUAGES = [("en", "English"), ("es", "Español")]
LOCALE_PATHS = [BASE_DIR / "locale"]
# What patients are written to in until they choose; staff pages and pages to staff are English.
DEFAULT_LANGUAGE = env.str("DEFAULT_LANGUAGE", default="en")
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = True
FORMAT_MODULE_PATH = "config.formats"
STATIC_URL = "static/"
# Elsewhere than in production the files are served from where they lie, uncollected.
STATIC_ROOT = (
    env.str("STATIC_ROOT", default=str(BASE_DIR / "var" / "static")) if PRODUCTION else None
)
STATICFILES_DIRS = [BASE_DIR / "config" / "static"]
WHITENOISE_USE_FINDERS = not PRODUCTION
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if PRODUCTION
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "handlers": {
        "console": {"class": "logging.StreamHandler", "formatter": "line"},
        "nowhere": {"class": "logging.NullHandler"},
    },
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", default="INFO")},
    # At INFO it writes every address it asks, and in a routing server's are patients' homes.
    # What the other two say quotes texts and numbers: `booking.channels.texts` listens alone.
    "loggers": {
        "httpx": {"level": "WARNING"},
        "apprise": {"level": "DEBUG", "propagate": False, "handlers": ["nowhere"]},
        "urllib3.connectionpool": {"level": "DEBUG", "propagate": False, "handlers": ["nowhere"]},
    },
}

# -- how the admin looks: the colours of config/static/stillwater.css as scales ------------------
UNFOLD = {
    "SITE_TITLE": CLINIC_NAME,
    "SITE_HEADER": CLINIC_NAME,
    "SITE_SUBHEADER": "Clinic desk",
    "SITE_ICON": f"/{STATIC_URL}favicon.svg",
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": f"/{STATIC_URL}favicon.svg"}
    ],
    "SHOW_VIEW_ON_SITE": False,
    "BORDER_RADIUS": "8px",
    "COLORS": {
        "base": {
            "50": "#fbf8f3",
            "100": "#f3efe8",
            "200": "#e4ddd1",
            "300": "#cfc8bc",
            "400": "#a9b7bb",
            "500": "#54646a",
            "600": "#3f4e53",
            "700": "#34444a",
            "800": "#2b393e",
            "900": "#1c272b",
            "950": "#11191c",
        },
        "primary": {
            "50": "#eef6f6",
            "100": "#dcedec",
            "200": "#b9dcdb",
            "300": "#a4e0de",
            "400": "#7fd1cf",
            "500": "#3fa6a7",
            "600": "#0f5e63",
            "700": "#0a474b",
            "800": "#0b3d40",
            "900": "#173a3c",
            "950": "#062a2c",
        },
    },
    "SIDEBAR": {"navigation": "config.navigation.sidebar"},
    "DASHBOARD_CALLBACK": "config.desk.dashboard",
}
