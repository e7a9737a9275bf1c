# What builds the functions' images, and where they are kept.

resource "google_service_account" "build" {
  project      = local.project_id
  account_id   = "attune-build"
  display_name = "attune: builds the functions' images"
}

resource "google_artifact_registry_repository" "functions" {
  project                = local.project_id
  location               = var.region
  repository_id          = "attune"
  description            = "The functions' images."
  format                 = "DOCKER"
  cleanup_policy_dry_run = false

  # A rule to keep wins over a rule to delete.
  cleanup_policies {
    id     = "keep-the-newest"
    action = "KEEP"
    most_recent_versions {
      keep_count = 5
    }
  }

  cleanup_policies {
    id     = "delete-the-old"
    action = "DELETE"
    condition {
      tag_state  = "ANY"
      older_than = "2592000s" # 30 days
    }
  }
}

resource "google_artifact_registry_repository_iam_member" "build_writes" {
  project    = local.project_id
  location   = google_artifact_registry_repository.functions.location
  repository = google_artifact_registry_repository.functions.repository_id
  role       = "roles/artifactregistry.writer"
  member     = google_service_account.build.member
}

resource "google_storage_bucket_iam_member" "build_reads" {
  bucket = google_storage_bucket.source.name
  role   = "roles/storage.objectViewer"
  member = google_service_account.build.member
}

# Cloud Functions copies the archive into a bucket that it makes itself at the first deployment.
resource "google_project_iam_member" "build_reads_copies" {
  project = local.project_id
  role    = "roles/storage.objectViewer"
  member  = google_service_account.build.member

  condition {
    title      = "the functions' sources only"
    expression = "resource.name.startsWith(\"projects/_/buckets/gcf-v2-sources-${local.number}-${var.region}\")"
  }
}

resource "google_project_iam_member" "build_logs" {
  project = local.project_id
  role    = "roles/logging.logWriter"
  member  = google_service_account.build.member
}
