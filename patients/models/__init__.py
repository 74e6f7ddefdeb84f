"""Who needs what, and may have it."""

from patients.models.article import Article, ArticleQuerySet, Language
from patients.models.check_in import CheckIn
from patients.models.closing import COOLING_OFF, AccountClosure
from patients.models.consent import ConsentDocument, ConsentTranslation, Signature
from patients.models.contact import ClosedContact, TextConsent
from patients.models.draft import Draft, DraftQuerySet
from patients.models.home import HomeNotes
from patients.models.intake import Intake, IntakeQuerySet, intake_validity
from patients.models.order import Order, OrderQuerySet
from patients.models.patient import Address, Patient, default_channels
from patients.models.place import Permit, ServiceArea
from patients.models.therapy import Therapy

__all__ = [
    "COOLING_OFF",
    "AccountClosure",
    "Address",
    "Article",
    "ArticleQuerySet",
    "CheckIn",
    "ClosedContact",
    "ConsentDocument",
    "ConsentTranslation",
    "Draft",
    "DraftQuerySet",
    "HomeNotes",
    "Intake",
    "IntakeQuerySet",
    "Language",
    "Order",
    "OrderQuerySet",
    "Patient",
    "Permit",
    "ServiceArea",
    "Signature",
    "TextConsent",
    "Therapy",
    "default_channels",
    "intake_validity",
]
