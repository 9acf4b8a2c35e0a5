"""Microsoft's own pages to which a person is sent when only they, or their administrator, can act."""

from domain.account import AccountKind

PERSONAL_CONSENT = "https://account.live.com/consent/Manage"
"""Where a personal account's owner removes an app's access (support.microsoft.com, "Apps and services")."""
WORK_CONSENT = "https://myapps.microsoft.com"
"""Where a member of an organisation manages the apps they consented to (Entra, "My Apps portal")."""
CONSENT_HELP = "https://learn.microsoft.com/entra/identity-platform/application-consent-experience"
"""What the consent pages ask, and what to do when they ask for an administrator."""
WHO_AM_I = "https://myaccount.microsoft.com"
"""Shows as whom the browser is signed in at Microsoft."""


def access_removal_url(kind: AccountKind) -> str:
    """The page on which the owner of such an account removes the service's access for good."""
    return PERSONAL_CONSENT if kind is AccountKind.PERSONAL else WORK_CONSENT
