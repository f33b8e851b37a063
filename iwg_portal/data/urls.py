from django.urls import path

from iwg_portal.data import views

urlpatterns = [
    path("data/", views.data, name="data"),
    path("data/openapi.json", views.data_description, name="data_description"),
    path("data/tokens/", views.data_token_new, name="data_token_new"),
    path("data/tokens/<int:pk>/end/", views.data_token_end, name="data_token_end"),
    path("data/v1/<str:name>.json", views.dataset, name="dataset"),
]
