"""The pages of accounts that are not django-allauth's: the local mailbox, ending all sessions, the door of
the admin.
"""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from backline.kernel.accounts import actions, queries
from backline.kernel.accounts.identity import actor_of, require_user, require_user_id
from backline.kernel.accounts.models import Role
from backline.kernel.accounts.rules import split_links
from backline.kernel.kit.conf import conf
from backline.kernel.kit.errors import Forbidden
from backline.kernel.kit.http import is_direct_loopback


@require_GET
@never_cache
def mailbox(request: HttpRequest) -> HttpResponse:
    """Mail that no server took. It holds links that open accounts, so only somebody at the machine or an
    admin reads it.
    """
    if conf().smtp_url is not None or not (is_direct_loopback(request) or _is_admin(request)):
        raise Http404
    mails = [(mail, split_links(mail.text)) for mail in queries.list_caught_mail()]
    return render(request, "accounts/mailbox.html", {"mails": mails}, using="jinja2")


def _is_admin(request: HttpRequest) -> bool:
    return actor_of(request).is_staff and Role.ADMIN in require_user(request).roles


@require_http_methods(["GET", "POST"])
@never_cache
@login_required
def sessions(request: HttpRequest) -> HttpResponse:
    """One button that ends every session and token of the person, this one too."""
    if request.method != "POST":
        return render(request, "accounts/sessions.html", using="django")
    actions.sign_out_everywhere(require_user_id(request))
    request.session.flush()
    messages.success(request, "You are signed out everywhere.")
    return HttpResponseRedirect(reverse("account_login"))


@never_cache
def admin_sign_in(request: HttpRequest, extra_context: object = None) -> HttpResponse:
    """The admin has no sign-in of its own: ours asks for the second factor too. Raises Forbidden for those
    not of the staff.
    """
    actor = actor_of(request)
    target = request.GET.get("next") or reverse("admin:index")
    if actor.is_anonymous:
        return HttpResponseRedirect(f"{reverse('account_login')}?{urlencode({'next': target})}")
    if not actor.is_staff:
        raise Forbidden("The admin is for moderators and admins.")
    return HttpResponseRedirect(reverse("admin:index"))
