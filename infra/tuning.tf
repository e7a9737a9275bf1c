# The account that tuning jobs run under, once Google's tuning agent is there to take it on: the project's first tuning
# job makes the agent, and until then jobs run as the agent itself, with what Google grants it.

resource "google_service_account" "tuning" {
  project      = local.project_id
  account_id   = "attune-tuning"
  display_name = "attune: tuning jobs run as this"
}

resource "google_project_iam_member" "tuning_tunes" {
  project = local.project_id
  role    = "roles/aiplatform.tuningServiceAgent"
  member  = google_service_account.tuning.member
}

resource "google_storage_bucket_iam_member" "tuning_reads" {
  for_each = merge(
    { account = google_service_account.tuning.member },
    var.tuning_agent_exists ? { agent = local.tuning_agent } : {},
  )

  bucket = google_storage_bucket.dataset.name
  role   = "roles/storage.objectViewer"
  member = each.value
}

resource "google_service_account_iam_member" "launch_acts_as_tuning" {
  service_account_id = google_service_account.tuning.name
  role               = "roles/iam.serviceAccountUser"
  member             = local.members["launch"]
}

resource "google_service_account_iam_member" "agent_becomes_tuning" {
  count = var.tuning_agent_exists ? 1 : 0

  service_account_id = google_service_account.tuning.name
  role               = "roles/iam.serviceAccountTokenCreator"
  member             = local.tuning_agent
}
