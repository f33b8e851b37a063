from django.urls import path

from iwg_portal.mail.views import batches, bounces, mailbox, outbox
from iwg_portal.mail.views import gallery as mails

urlpatterns = [
    path("mail/", outbox.outbox, name="outbox"),
    path("mail/bounces/", bounces.mail_bounces, name="mail_bounces"),
    path("mail/test/", outbox.outbox_test, name="outbox_test"),
    path("mail/<int:pk>/", outbox.outbox_decide, name="outbox_decide"),
    path("mail/batches/<int:pk>/", batches.mail_batch, name="mail_batch"),
    path("mail/batches/<int:pk>/<str:language>/html/", batches.mail_batch_html, name="mail_batch_html"),
    path("demo/mailbox/", mailbox.demo_mailbox, name="demo_mailbox"),
    path("demo/mailbox/<int:pk>/", mailbox.demo_mail, name="demo_mail"),
    path("demo/mailbox/<int:pk>/html/", mailbox.demo_mail_html, name="demo_mail_html"),
]

# Joined under DEBUG only.
gallery = [
    path("gallery/mail/", mails.gallery_mails, name="gallery_mails"),
    path("gallery/mail/<str:kind>/<str:language>/", mails.gallery_mail, name="gallery_mail"),
    path("gallery/mail/<str:kind>/<str:language>/html/", mails.gallery_mail_html, name="gallery_mail_html"),
]
