"""Coming in and going out, one's own account, and who works on the trial."""

from django.urls import path

from accounts import account_views, delegation_views, login_views, people_views

urlpatterns = [
    path("login/", login_views.log_in, name="login"),
    path("login/second-factor/", login_views.factor, name="login-factor"),
    path("login/passkey/", login_views.passkey, name="login-passkey"),
    path("login/again/", login_views.again, name="again"),
    path("logout/", login_views.log_out, name="logout"),
    path("welcome/<str:secret>/", login_views.welcome, name="welcome"),
    path("account/", account_views.account, name="account"),
    path("account/password/", account_views.password, name="password"),
    path("account/second-factor/", account_views.second_factor, name="second-factor"),
    path("account/second-factor/passkey/", account_views.begin_passkey, name="second-factor-passkey"),
    path("people/", people_views.listing, name="people"),
    path("people/invite/", people_views.invite, name="invite"),
    path("people/as-of/", people_views.as_of, name="people-as-of"),
    path("people/<int:pk>/", people_views.person, name="person"),
    path("delegation/", delegation_views.log, name="delegation"),
]
