# A function that takes events: its archive, its account, its trigger's account, and the right to be called by it.

# The hash in the name is what makes Terraform deploy again.
resource "google_storage_bucket_object" "source" {
  bucket       = var.source_bucket
  name         = "${var.name}-${filesha256(var.archive)}.zip"
  source       = var.archive
  content_type = "application/zip"

  lifecycle {
    create_before_destroy = true
  }
}

resource "google_service_account" "function" {
  project      = var.project_id
  account_id   = var.name
  display_name = "attune: the function ${var.name}"
}

resource "google_service_account" "trigger" {
  project      = var.project_id
  account_id   = "${var.name}-trigger"
  display_name = "attune: calls the function ${var.name}"
}

resource "google_project_iam_member" "trigger_receives" {
  project = var.project_id
  role    = "roles/eventarc.eventReceiver"
  member  = google_service_account.trigger.member
}

resource "google_cloudfunctions2_function" "this" {
  project     = var.project_id
  location    = var.region
  name        = var.name
  description = var.description

  build_config {
    runtime           = "python311"
    entry_point       = var.entry_point
    service_account   = var.build_account
    docker_repository = var.docker_repository

    # A build compiles the package, then dates every file 1980, and Python takes bytecode of another date for stale: each
    # cold start would compile anew. With this set, bytecode goes by its source's hash.
    environment_variables = { SOURCE_DATE_EPOCH = "315532801" }

    source {
      storage_source {
        bucket = google_storage_bucket_object.source.bucket
        object = google_storage_bucket_object.source.name
      }
    }
  }

  service_config {
    service_account_email            = google_service_account.function.email
    ingress_settings                 = "ALLOW_INTERNAL_ONLY"
    all_traffic_on_latest_revision   = true
    available_memory                 = var.memory
    available_cpu                    = "1" # with less an instance takes one event at a time
    timeout_seconds                  = var.timeout_seconds
    max_instance_request_concurrency = var.concurrency
    min_instance_count               = 0
    max_instance_count               = var.max_instances

    environment_variables = merge(var.environment, { THREADS = tostring(var.concurrency) })
  }

  event_trigger {
    trigger_region        = var.region
    event_type            = var.trigger.event_type
    pubsub_topic          = var.trigger.topic
    retry_policy          = "RETRY_POLICY_RETRY"
    service_account_email = google_service_account.trigger.email

    dynamic "event_filters" {
      for_each = var.trigger.filters
      content {
        attribute = event_filters.key
        value     = event_filters.value
      }
    }
  }

  depends_on = [google_project_iam_member.trigger_receives]
}

# A function that is made anew has a new service, which forgets who may call it.
resource "google_cloud_run_v2_service_iam_member" "trigger_calls" {
  project  = var.project_id
  location = var.region
  name     = google_cloudfunctions2_function.this.name
  role     = "roles/run.invoker"
  member   = google_service_account.trigger.member

  lifecycle {
    replace_triggered_by = [google_cloudfunctions2_function.this.id]
  }
}
