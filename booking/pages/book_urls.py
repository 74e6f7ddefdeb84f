"""The pages on which a patient books, from the treatment to what was booked."""

from django.urls import path

from booking.pages import book, book_done, courses

urlpatterns = [
    path("book/", book.treatments, name="book"),
    path("book/again/", book.again, name="book-again"),
    path("book/<slug:therapy>/", book.time, name="book-time"),
    path("book/<slug:therapy>/check/", book.check, name="book-check"),
    path("book/<slug:therapy>/course/", courses.suggest, name="book-course"),
    path("visits/<uuid:visit>/booked/", book_done.booked, name="visit-booked"),
]
