# An attribute that does not exist, and a resource that does not.
resource "google_pubsub_topic" "topic" {
  name      = "topic"
  retention = "600s"
}

resource "google_pubsub_theme" "theme" {
  name = "theme"
}

# Required arguments are missing: location and name of a bucket, value of a criterion, all of a trigger's destination.
resource "google_storage_bucket" "bucket" {
  uniform_bucket_level_access = true
}

resource "google_eventarc_trigger" "trigger" {
  name     = "trigger"
  location = "us-central1"
  matching_criteria {
    attribute = "type"
  }
}

# A block by another name, and an attribute where a block must stand.
resource "google_cloudfunctions2_function" "function" {
  name     = "function"
  location = "us-central1"
  build {
    runtime = "python311"
  }
  service_config = {
    available_memory = "256Mi"
  }
}

# Twice what may stand there once.
resource "google_pubsub_subscription" "subscription" {
  name  = "subscription"
  topic = "topic"
  retry_policy {}
  retry_policy {}
}
