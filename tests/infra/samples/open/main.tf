# Valid, and everything that the project's own configuration may not be.

variable "project_id" {
  type = string
}

resource "google_storage_bucket" "open" {
  project  = var.project_id
  name     = "open"
  location = "US-CENTRAL1"
}

resource "google_storage_bucket_iam_member" "everybody" {
  bucket = google_storage_bucket.open.name
  role   = "roles/storage.objectViewer"
  member = "allUsers"
}

resource "google_project_iam_member" "basic" {
  project = var.project_id
  role    = "roles/editor"
  member  = "serviceAccount:one@demo-project.iam.gserviceaccount.com"
}

resource "google_project_iam_member" "admin" {
  project = var.project_id
  role    = "roles/storage.objectAdmin"
  member  = "serviceAccount:one@demo-project.iam.gserviceaccount.com"
}

resource "google_storage_bucket_iam_member" "listens_and_writes" {
  bucket = google_storage_bucket.open.name
  role   = "roles/storage.objectCreator"
  member = "serviceAccount:one@demo-project.iam.gserviceaccount.com"
}

resource "google_project_iam_custom_role" "eraser" {
  project     = var.project_id
  role_id     = "eraser"
  title       = "deletes"
  permissions = ["storage.objects.delete"]
}

resource "google_storage_bucket_iam_member" "listens_and_deletes" {
  bucket = google_storage_bucket.open.name
  role   = "projects/${var.project_id}/roles/${google_project_iam_custom_role.eraser.role_id}"
  member = "serviceAccount:one@demo-project.iam.gserviceaccount.com"
}

resource "google_cloudfunctions2_function" "careless" {
  for_each = toset(["one", "two"])

  project  = var.project_id
  name     = each.value
  location = "us-central1"

  service_config {
    service_account_email = "one@demo-project.iam.gserviceaccount.com"
  }

  event_trigger {
    event_type            = "google.cloud.storage.object.v1.finalized"
    retry_policy          = "RETRY_POLICY_DO_NOT_RETRY"
    service_account_email = "one@demo-project.iam.gserviceaccount.com"

    event_filters {
      attribute = "bucket"
      value     = google_storage_bucket.open.name
    }
  }
}
