"""Where a request comes from, behind as many proxies of our own as settings say."""

import ipaddress

from django.conf import settings
from django.http import HttpRequest


def client_ip(request: HttpRequest) -> str:
    """The client's address, or nothing; what a client itself writes into X-Forwarded-For is never believed."""
    hops = settings.PROXY_HOPS
    addresses = [part.strip() for part in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if part.strip()]
    address = addresses[-hops] if hops and len(addresses) >= hops else request.META.get("REMOTE_ADDR", "")
    try:
        return str(ipaddress.ip_address(address))
    except ValueError:
        return ""
