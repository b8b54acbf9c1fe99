"""The models of this app, each declared where what is done with it stands."""

from accounts.delegation import Delegation, DelegationEnd
from accounts.invitations import Invitation
from accounts.login.attempts import Attempt
from accounts.once import Sending
from accounts.person import Membership, Person, Site, validate_zone
from accounts.recertification import Recertification
from accounts.security_log import Act

__all__ = [
    "Act",
    "Attempt",
    "Delegation",
    "DelegationEnd",
    "Invitation",
    "Membership",
    "Person",
    "Recertification",
    "Sending",
    "Site",
    "validate_zone",  # a migration names it here
]
