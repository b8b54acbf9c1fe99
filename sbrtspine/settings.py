"""All settings, in one file. What differs between demo, tests and production is said by the environment."""

import os

from csp.constants import NONE, SELF

from sbrtspine import env, logs

BASE_DIR = env.ROOT
DEMO = env.demo()
TESTING = env.testing()
DEBUG = env.developing()
SECRET_KEY = env.secret_key()
ALLOWED_HOSTS = env.env.list(
    "ALLOWED_HOSTS", default=["127.0.0.1", "localhost", "[::1]", "testserver"] if DEMO or TESTING else []
)
CSRF_TRUSTED_ORIGINS = env.env.list("CSRF_TRUSTED_ORIGINS", default=[])

INSTALLED_APPS = [
    "whitenoise.runserver_nostatic",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.forms",
    "crispy_forms",
    "django_htmx",
    "csp",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "accounts",
    "records",
    "enrollment",
    "procedures",
    "assessments",
    "adverse_events",
    "oversight",
    "exports",
    "sbrtspine",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "sbrtspine.middleware.SiteScopeMiddleware",
    "accounts.login.middleware.SessionTimeoutMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "sbrtspine.middleware.NoStore",
    "sbrtspine.middleware.RequestLog",
    "sbrtspine.whole.Whole",
    "sbrtspine.middleware.ReadLog",
    "sbrtspine.middleware.ExportLog",
    "sbrtspine.middleware.PersonalData",
]

ROOT_URLCONF = "sbrtspine.urls"
WSGI_APPLICATION = "sbrtspine.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "sbrtspine.context_processors.frame",
            ],
        },
    }
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
CRISPY_ALLOWED_TEMPLATE_PACKS = ("crf",)
CRISPY_TEMPLATE_PACK = "crf"
CRISPY_FAIL_SILENTLY = False

# Two roles on one database: web and worker are `app`, which owns nothing; migrations run as the owner.
_APP = env.address("DATABASE_URL")
_OWNER = env.address("DATABASE_OWNER_URL") or _APP
_DATABASE_URL = _OWNER if os.environ.get("SBRTSPINE_ROLE") == "owner" else _APP
DATABASES = {
    "default": {
        **env.env.db_url_config(_DATABASE_URL or "postgres://localhost/sbrtspine"),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
    }
}
if env.reads_everything():  # else a new connection reads no participant, until somebody is logged in
    DATABASES["default"].setdefault("OPTIONS", {})["options"] = "-c sbrtspine.sites=*"
APP_DATABASE_ROLE = env.env.db_url_config(_APP).get("USER") if _APP else ""
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.address("REDIS_URL") or "redis://localhost:6379/0"

AUTH_USER_MODEL = "accounts.Person"
AUTHENTICATION_BACKENDS = ["accounts.login.backends.WithRoles"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.MD5PasswordHasher" if TESTING else "django.contrib.auth.hashers.PBKDF2PasswordHasher"
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "accounts.login.passwords.NotKnownOrNamed"},
]
PASSWORD_REVIEW_DAYS = 365  # a date to look again, never a forced change (NIST SP 800-63B 3.1.1.2)
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "worklist"
LOGOUT_REDIRECT_URL = "login"

# Second factors (django-allauth keeps them; the pages and the counting of failures are ours: docs/adr/0020).
MFA_ADAPTER = "accounts.login.factors.Adapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = DEMO or TESTING  # plain http on this machine
SECOND_FACTOR_REQUIRED = env.env.bool("SECOND_FACTOR_REQUIRED", default=not (DEMO or TESTING))
SECOND_FACTOR_ROLES = env.env.list("SECOND_FACTOR_ROLES", default=[])  # role codes; empty: everybody
IDLE_SECONDS = 60 * env.env.int("IDLE_MINUTES", default=20)
PROXY_HOPS = env.env.int("PROXY_HOPS", default=0)  # how many of our own proxies add to X-Forwarded-For

LANGUAGE_CODE = "en-gb"
LANGUAGES = [("en-gb", "English")]  # Dutch joins when its catalogue does: half a language is worse than one
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Europe/Amsterdam"  # only where no site is known; every page names its site's zone

STATIC_URL = "/static/"
STATIC_ROOT = env.state() / "static" if DEMO or TESTING else BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if TESTING
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = TESTING
WHITENOISE_AUTOREFRESH = TESTING

# Security. Plain HTTP only in the demo and the tests, which listen on this machine alone.
_HTTPS = not (DEMO or TESTING)
SECURE_SSL_REDIRECT = _HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if _HTTPS else None
SECURE_HSTS_SECONDS = 31_536_000 if _HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = _HTTPS
SECURE_HSTS_PRELOAD = _HTTPS
SECURE_REDIRECT_EXEMPT = [r"^health/$"]
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _HTTPS
SESSION_COOKIE_NAME = "__Host-session" if _HTTPS else "session"
CSRF_COOKIE_NAME = "__Host-csrf" if _HTTPS else "csrf"
SESSION_COOKIE_AGE = 12 * 3600
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "sbrtspine.views.csrf_failure"
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2000
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}

# Mail. Without EMAIL_URL the demo writes its letters where /mailbox/ shows them; elsewhere the machine's own server is
# asked, and what cannot be sent is kept, tried again and told by /health/.
MAILBOX = env.state() / "mailbox"
vars().update(env.env.email_url("EMAIL_URL", default="dummymail://" if TESTING else "smtp://localhost:25"))
if DEMO and not os.environ.get("EMAIL_URL"):
    EMAIL_BACKEND, EMAIL_FILE_PATH = "django.core.mail.backends.filebased.EmailBackend", MAILBOX
EMAIL_TIMEOUT = 10  # seconds for each word with the mail server
DEFAULT_FROM_EMAIL = env.env.str("MAIL_FROM", default="sbrtspine@localhost")
PUBLIC_URL = env.env.str(
    "PUBLIC_URL",
    default=f"https://{ALLOWED_HOSTS[0]}"
    if ALLOWED_HOSTS and not (DEMO or TESTING)
    else f"http://127.0.0.1:{env.env.str('PORT', default='8000')}",
)
ESCALATE_AFTER_MINUTES = env.env.int("ESCALATE_AFTER_MINUTES", default=15)

# Celery. The queue only carries "look now"; what is owed is known by the database (docs/adr).
CELERY_BROKER_URL = (
    "redis+socket://" + REDIS_URL.removeprefix("unix://").split("?")[0] + "?virtual_host=0"
    if REDIS_URL.startswith("unix://")
    else REDIS_URL
)
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ROUTES = {"oversight.tasks.send_safety": {"queue": "safety"}}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "socket_connect_timeout": 1,
    "socket_timeout": 5,
    "max_retries": 1,
    "interval_start": 0,
    "interval_max": 0.2,
}
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULER = "sbrtspine.beat:Scheduler"
SCAN_EVERY_SECONDS = env.env.int("SCAN_EVERY_SECONDS", default=60)
SCAN_LATE_AFTER_SECONDS = env.env.int("SCAN_LATE_AFTER_SECONDS", default=5 * SCAN_EVERY_SECONDS)

# Logs: one formatter, for libraries and Django too (docs/adr/0074).
LOGGING_CONFIG = "sbrtspine.logs.configure"
LOGGING = logs.settings()

# The audit trail's seals live outside the database, and the key that signs them outside both.
SEALS = env.env.str("SEALS", default=str(env.state() / "seals"))
SEAL_KEY_FILE = env.env.str("SEAL_KEY_FILE", default=str(env.state() / "seal-key"))

# Backups: made by a role that reads everything and writes nothing, encrypted with a key that is neither in them nor in
# the database. How many are kept: the newest of each of so many days, weeks and months.
BACKUP_DATABASE_URL = env.address("BACKUP_DATABASE_URL") or _OWNER
BACKUPS = env.env.str("BACKUPS", default=str(env.state() / "backups"))
BACKUP_KEY_FILE = env.env.str("BACKUP_KEY_FILE", default=str(env.state() / "backup-key"))
BACKUPS_KEPT = env.env.list("BACKUPS_KEPT", cast=int, default=[14, 8, 12])

# Exports: big ones wait as files, and the key that shifts dates and names people anew is not in the data.
EXPORTS = env.env.str("EXPORTS", default=str(env.state() / "exports"))
EXPORT_KEY_FILE = env.env.str("EXPORT_KEY_FILE", default=str(env.state() / "export-key"))
