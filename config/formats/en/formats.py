"""Instants as the clinic reads them: never without the zone they are in."""

DATETIME_FORMAT = "D j M Y, g:i A T"
SHORT_DATETIME_FORMAT = "j M Y, g:i A T"
DATE_FORMAT = "D j M Y"
TIME_FORMAT = "g:i A"
