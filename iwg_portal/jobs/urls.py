from django.urls import path

from iwg_portal.jobs import views

urlpatterns = [
    path("metrics", views.prometheus, name="metrics"),
    path("operations/", views.operations, name="operations"),
    path("operations/<str:task>/run/", views.run_again, name="operations_run"),
]
