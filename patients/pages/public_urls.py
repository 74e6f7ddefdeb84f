"""Addresses of the public pages that need no clock."""

from django.contrib.sitemaps.views import sitemap
from django.urls import path
from django.views.decorators.cache import cache_control

from patients.pages import public
from patients.pages.sitemap import PublicPages

listed = cache_control(public=True, max_age=3600)(sitemap)

urlpatterns = [
    path("treatments/", public.article, {"slug": "treatments"}, name="treatments"),
    path("safety/", public.article, {"slug": "safety"}, name="safety"),
    path("cream-or-infusion/", public.article, {"slug": "cream"}, name="cream"),
    path("interactions/", public.article, {"slug": "interactions"}, name="interactions"),
    path("who-should-not/", public.article, {"slug": "who-should-not"}, name="who-should-not"),
    path("questions/", public.questions, name="questions"),
    path("where-we-come/", public.area, name="area"),
    path("contact/", public.contact, name="contact"),
    path("robots.txt", public.robots, name="robots"),
    path("sitemap.xml", listed, {"sitemaps": {"pages": PublicPages}}, name="sitemap"),
]
