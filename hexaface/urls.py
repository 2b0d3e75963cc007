"""Addresses. Task pages come last: their address is their slug."""

from django.contrib import admin
from django.urls import include, path

from apps.core import health, views
from apps.core.api import api
from apps.versions import views as version_views
from apps.versions.api import add_models

add_models(api)

handler400 = "apps.core.views.bad_request"
handler403 = "apps.core.views.forbidden"
handler404 = "apps.core.views.not_found"
handler500 = "apps.core.views.server_error"

urlpatterns = [
    path("api/", api.urls),
    path("", views.home, name="home"),
    path("models/", version_views.models, name="models"),
    path("models/plots/<str:name>", version_views.plot, name="plot"),
    path("models/<str:network>/<str:version>/", version_views.version, name="version"),
    path("models/<str:network>/<str:version>/report.json", version_views.report, name="report"),
    path("compare/", include("apps.evaluation.urls")),
    path("admin/", admin.site.urls),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("<slug:slug>/", views.TaskView.as_view(), name="task"),
]
