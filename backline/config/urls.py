"""Every address of the platform; a page is three hops: this file, the module's `urls.py`, its `pages.py`."""

from django.contrib import admin
from django.urls import include, path

from backline.config import health
from backline.config.api import api
from backline.core.catalog.tus_create import create_upload

handler400 = "backline.desks.web.errors.bad_request"
handler403 = "backline.desks.web.errors.forbidden"
handler404 = "backline.desks.web.errors.not_found"
handler500 = "backline.desks.web.errors.server_error"

urlpatterns = [
    path("healthz", health.alive, name="healthz"),
    path("readyz", health.ready, name="readyz"),
    path("metrics", health.metrics, name="metrics"),
    path("api/uploads", create_upload, name="upload_create"),
    path("admin/", admin.site.urls),
    path("", include("backline.kernel.accounts.urls")),
    path("", include("backline.desks.web.urls")),
    path("", api.urls),  # last: its empty root would answer for the home page
]
