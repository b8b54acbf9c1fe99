"""The least that Django can do: one view that saves one ModelForm into a plain table, behind the same middleware."""

from django.forms import modelform_factory
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import include, path

from benchmarks import twins


def save(request: HttpRequest, pk: int) -> HttpResponse:
    record = get_object_or_404(twins.Bare, pk=pk)
    asked = [field.name for field in twins.Bare._meta.fields if field.name in request.POST]
    form = modelform_factory(twins.Bare, fields=asked)(request.POST, instance=record)
    if not form.is_valid():
        return HttpResponse(status=422)
    form.save()
    return redirect("worklist")


urlpatterns = [path("bare/<int:pk>/", save), path("", include("sbrtspine.urls"))]
