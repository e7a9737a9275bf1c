# Who may do what, on the narrowest thing that Google lets be named. Members, not bindings: what others granted stays.
#
#            intake   dataset                 database   events    launch    tuning
#   ingest   read     read, create            use        publish   publish
#   launch            read, create            use        publish             create, get, list
#   watch             read, create;           use        publish   publish   get, list; endpoints: get
#                     delete in reports/
#
# Nobody may delete or overwrite an object but a report's, and only people write into the intake bucket.

locals {
  members = { for name, function in module.function : name => function.member }

  publishers = {
    ingest_events = { function = "ingest", topic = google_pubsub_topic.events.name }
    ingest_launch = { function = "ingest", topic = google_pubsub_topic.launch.name }
    launch_events = { function = "launch", topic = google_pubsub_topic.events.name }
    watch_events  = { function = "watch", topic = google_pubsub_topic.events.name }
    watch_launch  = { function = "watch", topic = google_pubsub_topic.launch.name }
  }
}

# --- buckets ---

resource "google_storage_bucket_iam_member" "ingest_reads_intake" {
  bucket = google_storage_bucket.intake.name
  role   = "roles/storage.objectViewer"
  member = local.members["ingest"]
}

resource "google_storage_bucket_iam_member" "reads_dataset" {
  for_each = local.members

  bucket = google_storage_bucket.dataset.name
  role   = "roles/storage.objectViewer"
  member = each.value
}

resource "google_storage_bucket_iam_member" "creates_in_dataset" {
  for_each = local.members

  bucket = google_storage_bucket.dataset.name
  role   = "roles/storage.objectCreator"
  member = each.value
}

# To write over an object is to delete the one that stood there.
resource "google_project_iam_custom_role" "reporter" {
  project     = local.project_id
  role_id     = "attuneReporter"
  title       = "attune: replaces reports"
  description = "Writes a dataset's report in place of the one before."
  permissions = ["storage.objects.delete"]
}

resource "google_storage_bucket_iam_member" "watch_replaces_reports" {
  bucket = google_storage_bucket.dataset.name
  role   = google_project_iam_custom_role.reporter.id
  member = local.members["watch"]

  condition {
    title      = "reports only"
    expression = "resource.name.startsWith(\"projects/_/buckets/${google_storage_bucket.dataset.name}/objects/reports/\")"
  }
}

# The finalize trigger's notification goes to a topic that Eventarc makes, so it cannot be named here.
resource "google_project_iam_member" "storage_announces" {
  project = local.project_id
  role    = "roles/pubsub.publisher"
  member  = local.storage_agent
}

# --- database ---

resource "google_project_iam_member" "uses_database" {
  for_each = local.members

  project = local.project_id
  role    = "roles/datastore.user"
  member  = each.value

  condition {
    title      = "attune's database only"
    expression = "resource.name == \"projects/${var.project_id}/databases/${var.firestore_database}\""
  }
}

# --- topics ---

resource "google_pubsub_topic_iam_member" "publishes" {
  for_each = local.publishers

  project = local.project_id
  topic   = each.value.topic
  role    = "roles/pubsub.publisher"
  member  = local.members[each.value.function]
}

resource "google_pubsub_topic_iam_member" "agent_buries" {
  project = local.project_id
  topic   = google_pubsub_topic.dead_letters.name
  role    = "roles/pubsub.publisher"
  member  = local.pubsub_agent
}

# To forward a message to the dead letters is to acknowledge it.
resource "google_pubsub_subscription_iam_member" "agent_takes" {
  project      = local.project_id
  subscription = google_pubsub_subscription.events.name
  role         = "roles/pubsub.subscriber"
  member       = local.pubsub_agent
}

# --- tuning ---

resource "google_project_iam_custom_role" "tuner" {
  project     = local.project_id
  role_id     = "attuneTuner"
  title       = "attune: starts tuning jobs"
  description = "Looks for a run's tuning job and creates it."
  permissions = [
    "aiplatform.tuningJobs.create",
    "aiplatform.tuningJobs.get",
    "aiplatform.tuningJobs.list",
  ]
}

resource "google_project_iam_custom_role" "follower" {
  project     = local.project_id
  role_id     = "attuneFollower"
  title       = "attune: follows tuning jobs"
  description = "Polls tuning jobs, looks at what is deployed behind their endpoints, and asks models what is said in recordings."
  permissions = [
    "aiplatform.endpoints.get",
    "aiplatform.endpoints.predict",
    "aiplatform.models.get",
    "aiplatform.models.update",
    "aiplatform.tuningJobs.get",
    "aiplatform.tuningJobs.list",
  ]
}

resource "google_project_iam_member" "launch_tunes" {
  project = local.project_id
  role    = google_project_iam_custom_role.tuner.id
  member  = local.members["launch"]
}

resource "google_project_iam_member" "watch_follows" {
  project = local.project_id
  role    = google_project_iam_custom_role.follower.id
  member  = local.members["watch"]
}
