from django.urls import path

from iwg_portal.data.views import programs, tokens

urlpatterns = [
    path("data/", tokens.data, name="data"),
    path("data/openapi.json", tokens.data_description, name="data_description"),
    path("data/tokens/", tokens.data_token_new, name="data_token_new"),
    path("data/tokens/<int:pk>/end/", tokens.data_token_end, name="data_token_end"),
    path("data/v1/<str:name>.json", programs.dataset, name="dataset"),
]
