from django.urls import path

from iwg_portal.pages.views import (
    activity,
    compare,
    glossary,
    home,
    mails,
    morning,
    profile,
    region,
    reports,
    states,
)

urlpatterns = [
    path("", home.home, name="home"),
    path("data-use/", home.data_use, name="data_use"),
    path("morning/", morning.morning, name="morning"),
    path("morning/mails/", morning.coming_mails, name="coming_mails"),
    path("morning/mails/<int:pk>/", morning.coming_mail, name="coming_mail"),
    path("reports/", reports.reports, name="reports"),
    path("reports/<slug:kind>/<str:period>/", reports.scheduled_report, name="report"),
    path("region/", region.region, name="region"),
    path("states/", states.states, name="states"),
    path("states/<slug:alpha2>/", profile.profile, name="profile"),
    path("states/<slug:alpha2>/data.zip", profile.state_data, name="state_data"),
    path("states/<slug:alpha2>/export/<str:kind>/", profile.profile_export, name="profile_export"),
    path("states/<slug:alpha2>/activity/", activity.state_activity, name="state_activity"),
    path("account/activity/", activity.own_activity, name="own_activity"),
    path("account/mails/", mails.own_mails, name="own_mails"),
    path("activity/", activity.activity, name="activity"),
    path("activity/export/", activity.activity_export, name="activity_export"),
    path("compare/", compare.compare, name="compare"),
    path("compare/export/<str:kind>/", compare.compare_export, name="compare_export"),
    path("glossary/export/<str:kind>/", glossary.glossary_export, name="glossary_export"),
    path("glossary/", glossary.glossary, name="glossary"),
]
