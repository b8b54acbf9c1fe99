"""The pages for looking."""

from django.urls import path

from oversight import views

urlpatterns = [
    path("", views.work, name="worklist"),
    path("participants/", views.participants, name="participants"),
    path("participants/<code:code>/", views.casebook, name="casebook"),
    path("board/", views.board, name="board"),
]
