locals {
  # The names that attune.config.Deployment reads. Its other fields keep the defaults that stand there.
  # Else the storage client looks the bucket up in the background, for telemetry that nobody reads.
  environment = merge(
    { for name, value in local.settable : name => value if value != "" },
    var.traces == null ? {} : { ATTUNE_TRACES = var.traces },
    { DISABLE_GCS_PYTHON_CLIENT_OTEL_BUCKET_METADATA = "true" },
  )

  settable = {
    ATTUNE_PROJECT                = var.project_id
    ATTUNE_REGION                 = var.region
    ATTUNE_INTAKE_BUCKET          = google_storage_bucket.intake.name
    ATTUNE_DATASET_BUCKET         = google_storage_bucket.dataset.name
    ATTUNE_EVENTS_TOPIC           = google_pubsub_topic.events.name
    ATTUNE_LAUNCH_TOPIC           = google_pubsub_topic.launch.name
    ATTUNE_FIRESTORE_DATABASE     = google_firestore_database.manifests.name
    ATTUNE_MAX_CONCURRENT_JOBS    = tostring(var.max_concurrent_jobs)
    ATTUNE_QUESTIONS_A_TICK       = tostring(var.questions_a_tick)
    ATTUNE_SWEEP_SECONDS          = tostring(var.sweep_hours * 60 * 60)
    ATTUNE_KMS_KEY                = var.kms_key
    ATTUNE_TUNING_SERVICE_ACCOUNT = var.tuning_agent_exists ? google_service_account.tuning.email : ""
  }

  functions = {
    ingest = {
      description = "Takes in what is dropped into the intake bucket."
      # A call holds up to three times the largest recording, 100 MB: four at once, and the interpreter, fit into 2 GiB.
      memory        = "2Gi"
      timeout       = 300
      concurrency   = 4
      max_instances = 20
      trigger = {
        event_type = "google.cloud.storage.object.v1.finalized"
        filters    = { bucket = google_storage_bucket.intake.name }
      }
    }
    erase = {
      description = "Takes what is deleted from the intake bucket out of its pair."
      # A call reads no file: a look at the object, a document read and written, however large either was. A folder that
      # is deleted is thousands of events at once, each a write to a document of its own.
      memory        = "512Mi"
      timeout       = 120 # a look, a read and a write, each at the end of its patience
      concurrency   = 8
      max_instances = 10
      trigger = {
        event_type = "google.cloud.storage.object.v1.deleted" # a bucket with versions would tell of `archived`
        filters    = { bucket = google_storage_bucket.intake.name }
      }
    }
    launch = {
      description   = "Cuts and assembles a dataset's opened runs and starts their tuning jobs."
      memory        = "1Gi"
      timeout       = 540 # the most an event may take; the lease on a dataset outlasts it
      concurrency   = 1
      max_instances = 10
      trigger = {
        event_type = "google.cloud.pubsub.topic.v1.messagePublished"
        topic      = google_pubsub_topic.launch.id
      }
    }
    watch = {
      description = "Follows the tuning jobs, moves the alias, announces, sweeps the intake bucket and forgets what was deleted."
      # The sweep takes in what no event told of, as ingest does: 64 MB of files side by side, or one that is larger. The
      # other half is for what a tick does besides.
      memory        = "2Gi"
      timeout       = 540
      concurrency   = 1
      max_instances = 2 # a tick may outlast its minute
      trigger = {
        event_type = "google.cloud.pubsub.topic.v1.messagePublished"
        topic      = google_pubsub_topic.tick.id
      }
    }
  }
}

module "function" {
  source   = "./modules/event-function"
  for_each = local.functions

  project_id        = local.project_id
  region            = var.region
  name              = "attune-${each.key}"
  description       = each.value.description
  entry_point       = each.key
  archive           = "${path.root}/../build/${each.key}.zip"
  source_bucket     = google_storage_bucket.source.name
  build_account     = google_service_account.build.id
  docker_repository = google_artifact_registry_repository.functions.id
  memory            = each.value.memory
  timeout_seconds   = each.value.timeout
  concurrency       = each.value.concurrency
  max_instances     = each.value.max_instances
  environment       = local.environment
  trigger           = each.value.trigger

  depends_on = [
    google_artifact_registry_repository_iam_member.build_writes,
    google_project_iam_member.build_logs,
    google_project_iam_member.build_reads_copies,
    google_project_iam_member.storage_announces,
    google_storage_bucket_iam_member.build_reads,
  ]
}
