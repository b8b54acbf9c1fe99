"""Second factors: a code from an app, a passkey, or a recovery code; each is good once.

django-allauth keeps and computes them (docs/adr/0020); that a code is good once is kept here, in the database.
"""

import base64
import hashlib
import json
from datetime import UTC, datetime
from typing import Any

from allauth.core.internal.cryptokit import compare_user_code
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal import auth as totp
from allauth.mfa.utils import decrypt
from allauth.mfa.webauthn.internal import auth as webauthn
from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.encoding import force_bytes
from django.utils.translation import gettext as _

from accounts import text_input
from accounts.due import is_ahead
from accounts.models import Person
from accounts.security_log import Act, log

Type = Authenticator.Type
REAL = (Type.TOTP, Type.WEBAUTHN)  # recovery codes alone are no second factor
STEP = 30  # seconds


class Adapter(DefaultMFAAdapter):  # type: ignore[misc] # allauth comes without types: its class is Any to mypy
    """What allauth asks of us: secrets are kept encrypted, so that a copy of the database alone makes no codes."""

    def _box(self) -> MultiFernet:
        keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
        digests = [hashlib.sha256(b"second factors" + force_bytes(key)).digest() for key in keys]
        return MultiFernet([Fernet(base64.urlsafe_b64encode(digest)) for digest in digests])

    def encrypt(self, text: str) -> str:
        return self._box().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return self._box().decrypt(encrypted_text.encode()).decode()

    def get_totp_issuer(self) -> str:
        return "BLEND"

    def _get_user_identifier(self, user: Person) -> str:
        return user.username

    def _get_site_name(self) -> str:
        return "BLEND"


def factors_of(person: Person) -> list[Authenticator]:
    """What this person has enrolled."""
    return list(Authenticator.objects.filter(user_id=person.pk, type__in=REAL).order_by("pk"))


def has_one(person: Person) -> bool:
    """Whether a second factor is asked of this person."""
    known: bool | None = getattr(person, "has_factor", None)
    return Authenticator.objects.filter(user_id=person.pk, type__in=REAL).exists() if known is None else known


def check(person: Person, answer: str, now: datetime) -> bool:
    """Whether this is a code, a recovery code or a passkey's answer of that person, not used before."""
    answer = answer.strip()
    if answer.startswith("{"):
        return _is_passkey(person, answer, now)
    with transaction.atomic():
        authenticators = Authenticator.objects.select_for_update().filter(user_id=person.pk).exclude(type=Type.WEBAUTHN)
        for authenticator in authenticators:
            is_app = authenticator.type == Type.TOTP
            if _is_code(authenticator, answer, now) if is_app else RecoveryCodes(authenticator).validate_code(answer):
                Authenticator.objects.filter(pk=authenticator.pk).update(last_used_at=now)
                return True
    return False


def _step_of(secret: str, code: str, now: datetime) -> int | None:
    """The half minute whose code this is: the present one, or a neighbour for a clock that is off."""
    present = int(now.timestamp()) // STEP
    for step in (present, present - 1, present + 1):
        if compare_user_code(actual=code, expected=totp.format_hotp_value(totp.hotp_value(secret, step))):
            return step
    return None


def _is_code(authenticator: Authenticator, code: str, now: datetime) -> bool:
    """A code of a later half minute than the last one taken (RFC 6238 5.2)."""
    step = _step_of(decrypt(authenticator.data["secret"]), code, now)
    last = authenticator.data.get("last_step", 0)
    if is_ahead(datetime.fromtimestamp(last * STEP, UTC), now):  # taken by a clock that was ahead
        last = 0
    if step is None or step <= last:
        return False
    authenticator.data["last_step"] = step
    authenticator.save(update_fields=["data"])
    return True


def _is_passkey(person: Person, answer: str, now: datetime) -> bool:
    try:
        used = webauthn.complete_authentication(person, json.loads(answer))
    except (ValidationError, ValueError, TypeError, KeyError):
        return False
    Authenticator.objects.filter(pk=used.pk).update(last_used_at=now)
    return True


def challenge(person: Person) -> dict[str, Any]:
    """What a passkey is to answer; the other half is kept in the session of this request."""
    asked: dict[str, Any] = webauthn.begin_authentication(person)
    return asked


def has_passkey(person: Person) -> bool:
    """Whether the pages should offer one."""
    return bool(Authenticator.objects.filter(user_id=person.pk, type=Type.WEBAUTHN).exists())


def new_secret() -> str:
    """For an authenticator app."""
    secret: str = totp.generate_totp_secret()
    return secret


def picture(person: Person, secret: str) -> str:
    """The secret as a QR code, to be shown as an image."""
    adapter = Adapter()
    svg = adapter.build_totp_svg(adapter.build_totp_url(person, secret))
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode()


def add_code(person: Person, secret: str, code: str, *, now: datetime) -> list[str]:
    """Enrol an authenticator app, proved by a first code; an old app is dead at once. Answers new recovery codes."""
    step = _step_of(secret, code.strip(), now)
    if step is None:
        raise ValidationError({"new_code": _("This code does not fit. Is the clock of the telephone right?")})
    with transaction.atomic():
        Authenticator.objects.filter(user_id=person.pk, type=Type.TOTP).delete()
        authenticator = totp.TOTP.activate(person, secret).instance
        authenticator.data["last_step"] = step
        authenticator.save(update_fields=["data"])
        return _added(person, Type.TOTP, now)


def begin_passkey(person: Person) -> dict[str, Any]:
    """What the browser needs to make a passkey."""
    asked: dict[str, Any] = webauthn.begin_registration(person, passwordless=False)
    return asked


def add_passkey(person: Person, name: str, answer: str, *, now: datetime) -> list[str]:
    """Enrol a passkey from the browser's answer. Answers new recovery codes."""
    name = text_input.line(name, name="passkey", limit=60)
    try:
        credential = json.loads(answer)
        webauthn.complete_registration(credential)
    except (ValidationError, ValueError, TypeError, KeyError) as error:
        raise ValidationError({"passkey": _("The passkey was not accepted. Try again.")}) from error
    with transaction.atomic():
        webauthn.WebAuthn.add(person, name or _("Passkey"), credential)
        return _added(person, Type.WEBAUTHN, now)


def _added(person: Person, kind: str, now: datetime) -> list[str]:
    """Old recovery codes die with each change, so that a list that was lost with a device opens nothing."""
    Authenticator.objects.filter(user_id=person.pk, type=Type.RECOVERY_CODES).delete()
    codes: list[str] = RecoveryCodes.activate(person).generate_codes()
    Person.objects.filter(pk=person.pk).update(must_enrol=False)
    person.must_enrol = False
    person.remember_factor(True)
    log(Act.What.FACTOR_ADDED, now=now, by=person, details={"kind": kind})
    return codes


def remove(person: Person, pk: int, *, now: datetime) -> None:
    """One of one's own; with the last one the recovery codes go."""
    with transaction.atomic():
        gone, _each = Authenticator.objects.filter(user_id=person.pk, type__in=REAL, pk=pk).delete()
        if not gone:
            raise ValidationError(_("This second factor is gone already."))
        left = bool(factors_of(person))
        person.remember_factor(left)
        if not left:
            Authenticator.objects.filter(user_id=person.pk).delete()
        log(Act.What.FACTOR_REMOVED, now=now, by=person)


def remove_all(person: Person, *, by: Person, now: datetime) -> None:
    """A lost device, or a leaver: every code, passkey and recovery code is dead."""
    gone, _each = Authenticator.objects.filter(user_id=person.pk).delete()
    if gone:
        log(Act.What.FACTOR_REMOVED, now=now, by=by, person=person, details={"all": True})
