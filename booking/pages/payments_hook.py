"""The door at which the payment provider tells its news."""

from __future__ import annotations

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from booking import payment_news, stripe_door


@csrf_exempt
@require_POST
def stripe(request: HttpRequest) -> HttpResponse:
    """Take in one piece of news; what is none of ours is answered as kindly."""
    try:
        news = stripe_door.news(
            body=request.body, signature=request.headers.get("Stripe-Signature", "")
        )
    except stripe_door.NotTheirs as stranger:
        raise BadRequest("not signed") from stranger
    payment_news.take_in(news)
    return HttpResponse(status=200)
