from django.urls import path

from capabilities.views import audiences, imports, releases, status

urlpatterns = [
    path("import/", imports.imports, name="imports"),
    path("import/template/", imports.import_template, name="import_template"),
    path("import/<uuid:pk>/", imports.import_preview, name="import_preview"),
    path("audience/<slug:noun>/<int:pk>/", audiences.record_audience, name="record_audience"),
    path("states/<slug:alpha2>/release/", releases.release, name="release"),
    path("states/<slug:alpha2>/status/<slug:kind>/", status.status_update, name="status_update"),
]
