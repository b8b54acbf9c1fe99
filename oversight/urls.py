"""The pages for looking."""

from django.urls import include, path

from oversight import (
    audit_views,
    board_views,
    calendar_views,
    check_views,
    message_views,
    monitoring_views,
    protocol_views,
    safety_views,
    search_views,
    sign_off,
    sign_views,
    views,
    worklist_views,
)

urlpatterns = [
    path("", worklist_views.work, name="worklist"),
    path("aside/", worklist_views.put_aside, name="put-aside"),
    path("participants/", views.participants, name="participants"),
    path("participants/<code:code>/", views.casebook, name="casebook"),
    path("participants/<code:code>/endpoint/", safety_views.endpoint, name="endpoint"),
    path("participants/<code:code>/endpoint/seen/", safety_views.endpoint_seen, name="endpoint-seen"),
    path(
        "participants/<code:code>/endpoint/sign/", sign_views.sign, {"scope": sign_off.ENDPOINT}, name="endpoint-sign"
    ),
    path("participants/<code:code>/sign/", sign_views.sign, {"scope": sign_off.CASEBOOK}, name="casebook-sign"),
    path("protocol/", protocol_views.protocol, name="protocol"),
    path("audit/", audit_views.audit, name="audit"),
    path("checks/", check_views.checks, name="checks"),
    path("monitoring/", monitoring_views.monitoring, name="monitoring"),
    path("monitoring/visits/new/", monitoring_views.visit, name="monitoring-visit-new"),
    path("monitoring/visits/<int:number>/", monitoring_views.visit, name="monitoring-visit"),
    path("safety/", safety_views.safety, name="safety"),
    path("messages/", message_views.listing, name="messages"),
    path("messages/seen/", message_views.seen, name="messages-seen"),
    path("messages/preferences/", message_views.preferences, name="message-preferences"),
    path("messages/log/", message_views.log, name="message-log"),
    path("messages/<int:message>/acknowledge/", message_views.acknowledge, name="message-acknowledge"),
    path("mailbox/", message_views.mail, name="mailbox"),
    path("find/", search_views.find, name="find"),
    path("calendar/", calendar_views.page, name="calendar"),
    path("calendar/address/", calendar_views.address, name="calendar-address"),
    path("calendar/<str:secret>.ics", calendar_views.feed, name="calendar-feed"),
    path("board/", board_views.board, name="board"),
    path("board/<code:code>/take/", board_views.take, name="board-take"),
    path("", include("oversight.figure_urls")),
]
