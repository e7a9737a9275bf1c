# Who may do what, on the narrowest thing that Google lets be named. Members, not bindings: what others granted stays.
#
#            intake   dataset                             database   events    launch    tuning
#   ingest   find     read, create                        use        publish   publish
#   erase    find                                         use
#   launch            find, create;                       use        publish             create, list
#                     delete in shards/, drafts/
#   watch    find     find, create;                       use        publish   publish   get, list; endpoints: get, predict;
#                     delete what is told below                                          models: get, update
#
# Where traces go to Google, each function may write spans, too.
#
# To read is to get an object by its name; to find is to get and to list. Only watch lists, but without that right an
# object that is gone is answered with 403, as if it were kept from the asker, and not with 404: whoever has to know that
# something is gone, from reading it or from deleting it twice, may list.
#
# Rows, shards and the runs' files are written once: to write over an object takes the right to delete it. Only people
# write into the intake bucket, and only they delete there.

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

locals {
  # The predefined roles have more: folders, uploads of other kinds, the project itself.
  object_roles = {
    reader  = { title = "reads objects", permissions = ["storage.objects.get"] }
    finder  = { title = "finds objects", permissions = ["storage.objects.get", "storage.objects.list"] }
    writer  = { title = "creates objects", permissions = ["storage.objects.create"] }
    remover = { title = "deletes and replaces objects", permissions = ["storage.objects.delete"] }
  }

  on_buckets = {
    ingest_finds_in_intake   = { function = "ingest", role = "finder", bucket = google_storage_bucket.intake.name }
    erase_finds_in_intake    = { function = "erase", role = "finder", bucket = google_storage_bucket.intake.name }
    watch_finds_in_intake    = { function = "watch", role = "finder", bucket = google_storage_bucket.intake.name }
    ingest_reads_dataset     = { function = "ingest", role = "reader", bucket = google_storage_bucket.dataset.name }
    launch_finds_in_dataset  = { function = "launch", role = "finder", bucket = google_storage_bucket.dataset.name }
    watch_finds_in_dataset   = { function = "watch", role = "finder", bucket = google_storage_bucket.dataset.name }
    ingest_writes_in_dataset = { function = "ingest", role = "writer", bucket = google_storage_bucket.dataset.name }
    launch_writes_in_dataset = { function = "launch", role = "writer", bucket = google_storage_bucket.dataset.name }
    watch_writes_in_dataset  = { function = "watch", role = "writer", bucket = google_storage_bucket.dataset.name }
  }

  # What may be deleted: by launch the parts that nothing is made of any more; by watch those, the reports, which it
  # replaces, and what was made of files that people have deleted: copies, rows, and the runs' files with their rows.
  objects = "projects/_/buckets/${google_storage_bucket.dataset.name}/objects"
  removes = {
    launch = { folders = ["shards", "drafts"], run_files = [] }
    watch = {
      folders   = ["reports", "shards", "drafts", "rows", "audio", "texts"]
      run_files = ["train.jsonl", "validation.jsonl"]
    }
  }
  in_folders = { for name, what in local.removes : name => [
    for folder in what.folders : "resource.name.startsWith(\"${local.objects}/${folder}/\")"
  ] }
  of_runs = { for name, what in local.removes : name => [
    for file in what.run_files : "resource.name.endsWith(\"/${file}\")"
  ] }
  removable = { for name, folders in local.in_folders : name => join(" || ", concat(
    folders,
    length(local.of_runs[name]) == 0 ? [] : [
      "(resource.name.startsWith(\"${local.objects}/runs/\") && (${join(" || ", local.of_runs[name])}))"
    ],
  )) }
}

resource "google_project_iam_custom_role" "objects" {
  for_each = local.object_roles

  project     = local.project_id
  role_id     = "attune${title(each.key)}"
  title       = "attune: ${each.value.title}"
  description = "For attune's functions, in one of its buckets."
  permissions = each.value.permissions
}

resource "google_storage_bucket_iam_member" "functions" {
  for_each = local.on_buckets

  bucket = each.value.bucket
  role   = google_project_iam_custom_role.objects[each.value.role].id
  member = local.members[each.value.function]
}

resource "google_storage_bucket_iam_member" "removes" {
  for_each = local.removable

  bucket = google_storage_bucket.dataset.name
  role   = google_project_iam_custom_role.objects["remover"].id
  member = local.members[each.key]

  condition {
    title      = "what ${each.key} may delete"
    expression = each.value
  }
}

# The notifications of what is finalized and deleted go to a topic that Eventarc makes, so it cannot be named here.
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

# --- traces ---

# Nothing here sets OpenTelemetry's own variables, and without them `otlp` is Google's Telemetry API. What that takes is by
# https://docs.cloud.google.com/trace/docs/migrate-to-otlp-endpoints this API and this role, whose one permission,
# telemetry.traces.write, is by https://docs.cloud.google.com/iam/docs/roles-permissions/telemetry.
locals {
  traces_to_google = var.traces == "otlp"
}

resource "google_project_iam_member" "writes_spans" {
  for_each = local.traces_to_google ? local.members : {}

  project = local.project_id
  role    = "roles/telemetry.tracesWriter"
  member  = each.value
}

# --- tuning ---

resource "google_project_iam_custom_role" "tuner" {
  project     = local.project_id
  role_id     = "attuneTuner"
  title       = "attune: starts tuning jobs"
  description = "Looks for a run's tuning job and creates it."
  permissions = [
    "aiplatform.tuningJobs.create",
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
