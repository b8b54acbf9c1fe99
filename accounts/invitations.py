"""A link by mail with which its owner, and nobody else, chooses a password: when invited, or after a reset."""

import hashlib
import secrets
from datetime import datetime, timedelta

from django.conf import settings
from django.core.mail import send_mail
from django.db import models, transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts import due
from accounts.person import Person

VALID_FOR = timedelta(hours=72)


class Invitation(models.Model):
    """One link. Only the digest of its secret is kept; it works once, and not for ever."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="invitations")
    digest = models.CharField(max_length=64, unique=True)
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.person} until {self.expires_at:%Y-%m-%d %H:%M}"


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def invite(person: Person, *, by: Person, now: datetime, origin: str) -> str:
    """Make a link and mail it after the commit; earlier ones of that person are dead. Answers the secret."""
    secret = secrets.token_urlsafe(32)
    with transaction.atomic():
        Invitation.objects.filter(person=person, used_at=None, expires_at__gt=now).update(expires_at=now)
        Invitation.objects.create(
            person=person, digest=_digest(secret), made_at=now, made_by=by, expires_at=now + VALID_FOR
        )
        link = origin.rstrip("/") + reverse("welcome", args=[secret])
        transaction.on_commit(lambda: _mail(person, link))
    return secret


def _mail(person: Person, link: str) -> None:
    text = _(
        "Dear %(name)s,\n\nYour user name for the BLEND trial database is %(username)s. Choose your password here:\n\n"
        "%(link)s\n\nThe link works once, within three days. Nobody will ever ask you for your password.\n"
    ) % {"name": person, "username": person.username, "link": link}
    send_mail(_("Your access to the BLEND trial database"), text, settings.DEFAULT_FROM_EMAIL, [person.email])


def open_ones(secret: str, now: datetime) -> models.QuerySet[Invitation]:
    """The invitation of a link, while it works."""
    return Invitation.objects.filter(
        ~due.ahead("made_at", now), digest=_digest(secret), used_at=None, expires_at__gt=now, person__is_active=True
    ).select_related("person")


def use(secret: str, now: datetime) -> Invitation | None:
    """Take the link: of two who come at once, one gets it."""
    invitation = open_ones(secret, now).first()
    if invitation and Invitation.objects.filter(pk=invitation.pk, used_at=None).update(used_at=now):
        return invitation
    return None
