"""Who may see and do what: staff with the permission; others are asked to log in, or refused."""

import functools
from collections.abc import Callable
from typing import Any, Concatenate, Final, ParamSpec

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponse]

COMPARE: Final = "evaluation.add_comparison"
ADD_SET: Final = "evaluation.add_evaluationset"
DELETE_SET: Final = "evaluation.delete_evaluationset"
SHADOW: Final = "evaluation.change_shadow"


def allowed(permission: str) -> Callable[[View[P]], View[P]]:
    """Only staff with the permission; answers are kept by no cache."""

    def wrap(view: View[P]) -> View[P]:
        @functools.wraps(view)
        def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            user: Any = request.user
            if not user.is_authenticated:
                return redirect_to_login(request.get_full_path())
            if not (user.is_staff and user.has_perm(permission)):
                raise PermissionDenied
            response = view(request, *args, **kwargs)
            response["Cache-Control"] = "private, no-store"
            return response

        return guarded

    return wrap
