from django.urls import path

from iwg_portal.reminders import views

urlpatterns = [
    path("mail/reminders/", views.reminder_plans, name="reminder_plans"),
    path("mail/reminders/<str:kind>/", views.reminder_plan, name="reminder_plan"),
]
