"""The WSGI application that gunicorn serves."""

import os

from django.core.wsgi import get_wsgi_application

from sbrtspine import guard

guard.begin(service=True)
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sbrtspine.settings")
os.environ["SBRTSPINE_READS"] = "as the person of the request"
application = get_wsgi_application()
