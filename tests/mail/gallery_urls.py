"""The addresses of the portal as they are under DEBUG, for the tests of the gallery."""

from iwg_portal import urls
from iwg_portal.mail.urls import gallery

urlpatterns = [*urls.urlpatterns, *gallery]
