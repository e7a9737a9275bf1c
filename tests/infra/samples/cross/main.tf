resource "google_cloud_scheduler_job" "no_target" {
  name     = "none"
  schedule = "* * * * *"
}

resource "google_cloud_scheduler_job" "two_targets" {
  name = "two"
  pubsub_target {
    topic_name = "topic"
  }
  http_target {
    uri = "https://example.com"
  }
}

resource "google_storage_bucket_object" "nothing_in_it" {
  bucket = "bucket"
  name   = "object"
}

resource "google_service_account" "short" {
  account_id = "Bad"
}
