"""What Google's own roles hold, as far as they are granted to functions, and no more.

Sources, read in November 2026: "IAM roles for Cloud Storage", "Firestore: Security for server client libraries",
"Pub/Sub: Access control with IAM" and "Roles for service account authentication". What such a role holds for the
project's and the organisation's own sake (`resourcemanager.*`, `orgpolicy.*`) is left out: it reads names.
"""

from __future__ import annotations

from collections.abc import Mapping

PREDEFINED: Mapping[str, frozenset[str]] = {
    "roles/storage.objectViewer": frozenset(
        {
            "storage.folders.get",
            "storage.folders.list",
            "storage.managedFolders.get",
            "storage.managedFolders.list",
            "storage.objects.get",
            "storage.objects.list",
        }
    ),
    "roles/storage.objectCreator": frozenset(
        {
            "storage.folders.create",
            "storage.managedFolders.create",
            "storage.multipartUploads.abort",
            "storage.multipartUploads.create",
            "storage.multipartUploads.listParts",
            "storage.objects.create",
        }
    ),
    "roles/datastore.user": frozenset(
        {
            "appengine.applications.get",
            "datastore.databases.get",
            "datastore.databases.getMetadata",
            "datastore.entities.allocateIds",
            "datastore.entities.create",
            "datastore.entities.delete",
            "datastore.entities.get",
            "datastore.entities.list",
            "datastore.entities.update",
            "datastore.indexes.list",
            "datastore.namespaces.get",
            "datastore.namespaces.list",
            "datastore.statistics.get",
            "datastore.statistics.list",
        }
    ),
    "roles/pubsub.publisher": frozenset({"pubsub.topics.publish"}),
    "roles/iam.serviceAccountUser": frozenset(
        {"iam.serviceAccounts.actAs", "iam.serviceAccounts.get", "iam.serviceAccounts.list"}
    ),
    "roles/telemetry.tracesWriter": frozenset({"telemetry.traces.write"}),
    "roles/cloudtrace.agent": frozenset({"cloudtrace.traces.patch"}),
    "roles/monitoring.metricWriter": frozenset({"monitoring.timeSeries.create"}),
}
