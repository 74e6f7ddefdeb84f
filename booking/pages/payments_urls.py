"""The addresses of the pages about money: mounted at the root."""

from django.urls import path

from booking.pages import payments, payments_hook

urlpatterns = [
    path("visits/<uuid:visit_id>/pay/", payments.pay, name="visit-pay"),
    path("payments/", payments.paid, name="payments"),
    path("payments/<uuid:payment_id>/", payments.receipt, name="payment"),
    path("payments/<uuid:payment_id>/receipt.pdf", payments.receipt_pdf, name="payment-receipt"),
    path("hooks/stripe/", payments_hook.stripe, name="stripe-hook"),
]
