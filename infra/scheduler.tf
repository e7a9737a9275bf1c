# No retries: a tick that was missed is followed by the next one.
resource "google_cloud_scheduler_job" "tick" {
  project     = local.project_id
  region      = var.region
  name        = "attune-tick"
  description = "Has attune send what waits, follow the tuning jobs, look at every dataset's threshold and sweep the intake bucket."
  schedule    = "* * * * *"
  time_zone   = "Etc/UTC"

  pubsub_target {
    topic_name = google_pubsub_topic.tick.id
    data       = base64encode("tick")
  }
}
