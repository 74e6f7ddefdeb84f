"""Links in messages: what each says and does, without signing in and without a script."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET

from booking import links


@require_GET
def follow(request: HttpRequest, text: str) -> HttpResponse:
    """Show what a link is for."""
    try:
        links.read(text)
    except links.NoSuchLink:
        return render(request, "booking/links/unknown.html", status=404)
    return redirect("home")
