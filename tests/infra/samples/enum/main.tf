resource "google_firestore_database" "database" {
  name        = "(default)"
  location_id = "eur3"
  type        = "FIRESTORE"
}

resource "google_cloudfunctions2_function" "function" {
  name     = "function"
  location = "us-central1"
  event_trigger {
    event_type   = "google.cloud.storage.object.v1.finalized"
    retry_policy = "RETRY"
  }
}

resource "google_storage_bucket" "bucket" {
  name                     = "bucket"
  location                 = "us-central1"
  public_access_prevention = "yes"
}
