"""What no configuration of the project's may do: each rule gives the addresses of what breaks it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

from infra.workplace import resources

State = Mapping[str, Any]
_PUBLIC = frozenset({"allUsers", "allAuthenticatedUsers"})
_BASIC = frozenset({"roles/owner", "roles/editor", "roles/viewer"})
_ADMIN = re.compile(r"[aA]dmin$|\.owner$")
_WRITES = frozenset({"storage.objects.create", "storage.objects.delete", "storage.objects.update"})
_WRITES_OBJECTS = re.compile(r"^roles/storage\.(object(Creator|User|Admin)|admin|legacyBucket(Writer|Owner))$")


def public_members(state: State) -> list[str]:
    """Grants to everybody."""
    return [each["address"] for each in resources(state) if each["values"].get("member") in _PUBLIC]


def basic_roles(state: State) -> list[str]:
    """Grants of a basic role."""
    return [each["address"] for each in resources(state) if each["values"].get("role") in _BASIC]


def admin_roles(state: State) -> list[str]:
    """Grants of an administrator's role."""
    return [each["address"] for each in resources(state) if _ADMIN.search(each["values"].get("role") or "")]


def policies_and_bindings(state: State) -> list[str]:
    """Grants that would take away what others have granted."""
    return [each["address"] for each in resources(state) if re.search(r"_iam_(policy|binding)$", each["type"])]


def open_buckets(state: State) -> list[str]:
    """Buckets with access lists, or that could be made public."""
    return [
        each["address"]
        for each in resources(state, "google_storage_bucket")
        if each["values"].get("uniform_bucket_level_access") is not True
        or each["values"].get("public_access_prevention") != "enforced"
    ]


def shared_accounts(state: State) -> list[str]:
    """Accounts that more than one function or trigger runs under."""
    functions = list(resources(state, "google_cloudfunctions2_function"))
    used = Counter(account for function in functions for account in (runs_as(function), triggered_as(function)))
    return [account for account, times in used.items() if times > 1]


def unretried(state: State) -> list[str]:
    """Functions whose trigger drops an event at its first failure."""
    return [
        each["address"]
        for each in resources(state, "google_cloudfunctions2_function")
        if each["values"]["event_trigger"][0]["retry_policy"] != "RETRY_POLICY_RETRY"
    ]


def open_functions(state: State) -> list[str]:
    """Functions that can be called from outside."""
    return [
        each["address"]
        for each in resources(state, "google_cloudfunctions2_function")
        if each["values"]["service_config"][0].get("ingress_settings") != "ALLOW_INTERNAL_ONLY"
    ]


def writing_where_they_listen(state: State) -> list[str]:
    """Functions that may write or delete in a bucket whose objects set a function off."""
    listened = {bucket for each in resources(state, "google_cloudfunctions2_function") for bucket in buckets_of(each)}
    accounts = {f"serviceAccount:{runs_as(each)}" for each in resources(state, "google_cloudfunctions2_function")}
    own = _own_roles_that_write(state)
    on_buckets = [
        each["address"]
        for each in resources(state, "google_storage_bucket_iam_member")
        if each["values"]["bucket"] in listened and _may_write(each, accounts, own)
    ]
    on_all = [
        each["address"] for each in resources(state, "google_project_iam_member") if _may_write(each, accounts, own)
    ]
    return on_buckets + on_all


def runs_as(function: Mapping[str, Any]) -> str:
    """The account a function runs under."""
    return str(function["values"]["service_config"][0]["service_account_email"])


def triggered_as(function: Mapping[str, Any]) -> str:
    """The account a function is called by."""
    return str(function["values"]["event_trigger"][0]["service_account_email"])


def buckets_of(function: Mapping[str, Any]) -> list[str]:
    """The buckets that a function listens to."""
    filters = function["values"]["event_trigger"][0]["event_filters"]
    return [str(each["value"]) for each in filters if each["attribute"] == "bucket"]


def _own_roles_that_write(state: State) -> set[str]:
    """The ends of the names of the project's own roles that let objects be written or deleted."""
    roles = (each["values"] for each in resources(state, "google_project_iam_custom_role"))
    return {f"/roles/{role['role_id']}" for role in roles if _WRITES & set(role["permissions"])}


def _may_write(grant: Mapping[str, Any], accounts: set[str], own: set[str]) -> bool:
    role, member = grant["values"].get("role") or "", grant["values"].get("member")
    return member in accounts and (bool(_WRITES_OBJECTS.match(role)) or role.endswith(tuple(own)))
