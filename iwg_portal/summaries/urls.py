from django.urls import path

from iwg_portal.summaries import views

urlpatterns = [
    path("summaries/", views.summaries, name="summaries"),
    path("summaries/<int:year>-<int:number>/", views.summary, name="summary"),
    path("summaries/<int:year>-<int:number>/move/", views.summary_move, name="summary_move"),
    path("summaries/<int:year>-<int:number>/<str:language>.<str:ending>", views.summary_file, name="summary_file"),
    path("summaries/template/", views.summary_template, name="summary_template"),
    path("summaries/template/<slug:which>.docx", views.summary_template_file, name="summary_template_file"),
    path("check/", views.check, name="check"),
]
