"""Settings of accounts: who signs in, how, and in which forms."""

from config.environment import PRODUCTION, env

AUTH_USER_MODEL = "core.User"
AUTHENTICATION_BACKENDS = ["config.core.sessions.Backend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
ACCOUNT_ADAPTER = "config.core.accounts.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ENTRANCE = "patients.pages.account_entrance_forms"
ACCOUNT_FORMS = {
    "signup": f"{ENTRANCE}.SignUpForm",
    "login": f"{ENTRANCE}.SignInForm",
    "add_email": f"{ENTRANCE}.ChangeEmailForm",
    "change_password": f"{ENTRANCE}.ChangePasswordForm",
    "reset_password": f"{ENTRANCE}.ResetPasswordForm",
    "reset_password_from_key": f"{ENTRANCE}.NewPasswordForm",
    "reauthenticate": f"{ENTRANCE}.AgainForm",
    "confirm_email_verification_code": f"{ENTRANCE}.CodeForm",
}
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
# A code is typed into the page that is open, which then goes on to where the person wanted to be.
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_FORMAT = {"numeric": True, "length": 6, "dashed": False}
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_TIMEOUT = 60 * 30
ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_RESEND = True
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_UNIQUE_EMAIL = True
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
SIGN_INS_PER_MINUTE = env.int("SIGN_INS_PER_MINUTE", default=30)
ACCOUNT_RATE_LIMITS = {"login": f"{SIGN_INS_PER_MINUTE}/m/ip", "login_failed": "10/m/ip,5/5m/key"}
LOGIN_REDIRECT_URL = "home"
LOGIN_URL = "account_login"
HEADLESS_CLIENTS = ("app",)
HEADLESS_ONLY = False
MFA_ADAPTER = "config.core.accounts.SecondStepAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
# One step before or after: telephones' clocks are not exact.
MFA_TOTP_TOLERANCE = 1
MFA_FORMS = {
    "authenticate": f"{ENTRANCE}.SecondStepForm",
    "reauthenticate": f"{ENTRANCE}.SecondStepAgainForm",
    "activate_totp": f"{ENTRANCE}.AddAppForm",
    "add_webauthn": f"{ENTRANCE}.AddPasskeyForm",
    "edit_webauthn": f"{ENTRANCE}.RenamePasskeyForm",
}
# Browsers know no passkeys without TLS; on this machine alone they do.
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not PRODUCTION
STAFF_MFA_REQUIRED = env.bool("STAFF_MFA_REQUIRED", default=True)
