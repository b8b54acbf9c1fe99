"""The pages for looking."""

from django.urls import include, path

from oversight import sign_off
from oversight.views import (
    audit,
    board,
    calendar,
    casebook,
    checks,
    monitoring,
    notifications,
    protocol,
    safety,
    search,
    sign,
    worklist,
)

urlpatterns = [
    path("", worklist.work, name="worklist"),
    path("aside/", worklist.put_aside, name="put-aside"),
    path("participants/", casebook.participants, name="participants"),
    path("participants/<code:code>/", casebook.casebook, name="casebook"),
    path("participants/<code:code>/endpoint/", safety.endpoint, name="endpoint"),
    path("participants/<code:code>/endpoint/seen/", safety.endpoint_seen, name="endpoint-seen"),
    path("participants/<code:code>/endpoint/sign/", sign.sign, {"scope": sign_off.ENDPOINT}, name="endpoint-sign"),
    path("participants/<code:code>/sign/", sign.sign, {"scope": sign_off.CASEBOOK}, name="casebook-sign"),
    path("protocol/", protocol.protocol, name="protocol"),
    path("audit/", audit.audit, name="audit"),
    path("checks/", checks.checks, name="checks"),
    path("monitoring/", monitoring.monitoring, name="monitoring"),
    path("monitoring/visits/new/", monitoring.visit, name="monitoring-visit-new"),
    path("monitoring/visits/<int:number>/", monitoring.visit, name="monitoring-visit"),
    path("safety/", safety.safety, name="safety"),
    path("messages/", notifications.listing, name="messages"),
    path("messages/seen/", notifications.seen, name="messages-seen"),
    path("messages/preferences/", notifications.preferences, name="message-preferences"),
    path("messages/log/", notifications.log, name="message-log"),
    path("messages/<int:message>/acknowledge/", notifications.acknowledge, name="message-acknowledge"),
    path("mailbox/", notifications.mail, name="mailbox"),
    path("find/", search.find, name="find"),
    path("calendar/", calendar.page, name="calendar"),
    path("calendar/address/", calendar.address, name="calendar-address"),
    path("calendar/<str:secret>.ics", calendar.feed, name="calendar-feed"),
    path("board/", board.board, name="board"),
    path("board/<code:code>/take/", board.take, name="board-take"),
    path("", include("oversight.figure_urls")),
]
