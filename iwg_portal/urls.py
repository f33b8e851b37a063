"""Every address of the portal. Names are the keys of the access matrix in the tests."""

from django.conf import settings
from django.urls import include, path

urlpatterns = [
    path("", include("iwg_portal.base.urls")),
    path("", include("iwg_portal.mail.urls")),
    path("", include("iwg_portal.reminders.urls")),
    path("", include("iwg_portal.jobs.urls")),
    path("", include("members.urls")),
    path("", include("capabilities.urls")),
    path("", include("meetings.urls")),
    path("", include("iwg_portal.summaries.urls")),
    path("", include("iwg_portal.data.urls")),
    path("", include("iwg_portal.pages.urls")),
]

if settings.DEBUG:
    from iwg_portal.mail.urls import gallery as mails
    from iwg_portal.pages.views.gallery import gallery

    urlpatterns += [path("gallery/", gallery, name="gallery"), *mails]

handler400 = "iwg_portal.pages.views.errors.bad_request"
handler403 = "iwg_portal.pages.views.errors.forbidden"
handler404 = "iwg_portal.pages.views.errors.not_found"
handler500 = "iwg_portal.pages.views.errors.server_error"
