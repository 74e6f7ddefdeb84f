"""Every address of the service."""

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

import config.core.schema  # noqa: F401  registers itself
from config import frame, pages, styleguide

admin.autodiscover()
# One door to sign in by, with its rate limits and, once required, its second step.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]

urlpatterns = [
    path("", pages.home, name="home"),
    # Asked for most: what comes after is not looked through for them.
    path("api/v1/", include("booking.urls")),
    path("api/v1/", include("nurses.urls")),
    path("api/v1/", include("patients.urls")),
    path("livez", pages.livez, name="livez"),
    path("readyz", pages.readyz, name="readyz"),
    path("language/", frame.language, name="language"),
    path("signed-in/", frame.signed_in, name="signed-in"),
    path("styleguide/", styleguide.styleguide, name="styleguide"),
    path("accounts/sessions/", RedirectView.as_view(pattern_name="account-devices")),
    path("accounts/", include("allauth.urls")),
    path("account/", include("patients.pages.account_urls")),
    path("account/", include("booking.pages.account_urls")),
    path("_allauth/", include("allauth.headless.urls")),
    path("intake/", include("patients.pages.intake_urls")),
    path("visits/", include("booking.pages.visit_urls")),
    path("consents/", include("patients.pages.consents_urls")),
    path("documents/", include("booking.pages.documents_urls")),
    path("check-ins/", include("booking.pages.check_ins_urls")),
    path("", include("booking.pages.book_urls")),
    path("", include("patients.pages.public_urls")),
    path("", include("booking.pages.public_urls")),
    path("", include("booking.pages.payments_urls")),
    path("", include("booking.pages.waiting_urls")),
    path("go/", include("booking.links.urls")),
    path("hooks/", include("booking.channels.urls")),
    path("staff/", include("booking.desk.urls")),
    path("staff/dispatch/", include("nurses.board_urls")),
    path("admin/", admin.site.urls),
    path("api/schema/", SpectacularAPIView.as_view(permission_classes=[]), name="schema"),
    path(
        "api/docs/",
        SpectacularSwaggerSplitView.as_view(url_name="schema", permission_classes=[]),
        name="docs",
    ),
    path("route/", include("nurses.page_urls")),
]

handler500 = "config.frame.server_error"
