"""Coming in and going out, one's own account, and who works on the trial."""

from django.urls import path

from accounts.views import account, delegation, login, people

urlpatterns = [
    path("login/", login.log_in, name="login"),
    path("login/second-factor/", login.factor, name="login-factor"),
    path("login/passkey/", login.passkey, name="login-passkey"),
    path("login/again/", login.again, name="again"),
    path("logout/", login.log_out, name="logout"),
    path("welcome/<str:secret>/", login.welcome, name="welcome"),
    path("account/", account.account, name="account"),
    path("account/password/", account.password, name="password"),
    path("account/second-factor/", account.second_factor, name="second-factor"),
    path("account/second-factor/passkey/", account.begin_passkey, name="second-factor-passkey"),
    path("people/", people.listing, name="people"),
    path("people/invite/", people.invite, name="invite"),
    path("people/as-of/", people.as_of, name="people-as-of"),
    path("people/<int:pk>/", people.person, name="person"),
    path("delegation/", delegation.log, name="delegation"),
]
