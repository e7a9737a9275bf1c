# Two accounts: one plans, and can change nothing; one applies, and can grant nothing but what attune's own
# configuration grants.

locals {
  reads = toset([
    "roles/artifactregistry.reader",
    "roles/browser",
    "roles/cloudfunctions.viewer",
    "roles/cloudscheduler.viewer",
    "roles/datastore.viewer",
    "roles/iam.roleViewer",
    "roles/iam.securityReviewer",
    "roles/logging.viewer",
    "roles/monitoring.viewer",
    "roles/pubsub.viewer",
    "roles/run.viewer",
    "roles/serviceusage.serviceUsageViewer",
    "roles/storage.bucketViewer",
  ])

  changes = toset([
    "roles/artifactregistry.admin",
    "roles/browser",
    "roles/cloudfunctions.developer",
    "roles/cloudscheduler.admin",
    "roles/datastore.owner",
    "roles/iam.roleAdmin",
    "roles/iam.serviceAccountAdmin",
    "roles/iam.serviceAccountUser",
    "roles/logging.configWriter",
    "roles/monitoring.editor",
    "roles/pubsub.admin",
    "roles/run.admin",
    "roles/serviceusage.serviceUsageAdmin",
    "roles/storage.admin",
  ])

  # What attune's own configuration grants on the project.
  grants = [
    "projects/${var.project_id}/roles/attuneFollower",
    "projects/${var.project_id}/roles/attuneTuner",
    "roles/aiplatform.tuningServiceAgent",
    "roles/datastore.user",
    "roles/eventarc.eventReceiver",
    "roles/logging.logWriter",
    "roles/pubsub.publisher",
    "roles/storage.objectViewer",
    "roles/telemetry.tracesWriter",
  ]
}

resource "google_service_account" "plan" {
  project      = var.project_id
  account_id   = "attune-plan"
  display_name = "attune: checks and plans"
}

resource "google_service_account" "deploy" {
  project      = var.project_id
  account_id   = "attune-deploy"
  display_name = "attune: applies what was approved"
}

resource "google_project_iam_member" "plan_reads" {
  for_each = local.reads

  project = var.project_id
  role    = each.value
  member  = google_service_account.plan.member
}

resource "google_project_iam_member" "deploy_changes" {
  for_each = local.changes

  project = var.project_id
  role    = each.value
  member  = google_service_account.deploy.member
}

resource "google_project_iam_member" "deploy_grants" {
  project = var.project_id
  role    = "roles/resourcemanager.projectIamAdmin"
  member  = google_service_account.deploy.member

  condition {
    title      = "attune's own grants only"
    expression = "api.getAttribute(\"iam.googleapis.com/modifiedGrantsByRole\", []).hasOnly(${jsonencode(local.grants)})"
  }
}

resource "google_project_iam_member" "builds_log" {
  for_each = {
    plan   = google_service_account.plan.member
    deploy = google_service_account.deploy.member
  }

  project = var.project_id
  role    = "roles/logging.logWriter"
  member  = each.value
}

# The functions' archives, and no recording.
resource "google_project_iam_member" "plan_reads_sources" {
  project = var.project_id
  role    = "roles/storage.objectViewer"
  member  = google_service_account.plan.member

  condition {
    title      = "the functions' sources only"
    expression = "resource.name.startsWith(\"projects/_/buckets/${var.project_id}-attune-source/\")"
  }
}

# To plan is to lock the state, and to lock is to write an object.
resource "google_storage_bucket_iam_member" "plan_locks" {
  bucket = var.state_bucket
  role   = "roles/storage.objectUser"
  member = google_service_account.plan.member
}
