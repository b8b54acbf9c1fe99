"""Registering a participant, and the live verdicts."""

from django.urls import path

from enrollment import views

urlpatterns = [
    path("participants/new/", views.new, name="participant-new"),
    path("participants/<code:code>/eligibility/verdict/", views.verdict, name="eligibility-verdict"),
]
