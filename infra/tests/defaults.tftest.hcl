# With a project's id and nothing else. The provider is mocked: no account is needed, only `make stage` before.

mock_provider "google" {
  mock_data "google_project" {
    defaults = {
      number = "123456789012"
    }
  }
  mock_data "google_storage_project_service_account" {
    defaults = {
      member = "serviceAccount:service-123456789012@gs-project-accounts.iam.gserviceaccount.com"
    }
  }
  mock_resource "google_service_account" {
    defaults = {
      name   = "projects/demo-project/serviceAccounts/mock@demo-project.iam.gserviceaccount.com"
      email  = "mock@demo-project.iam.gserviceaccount.com"
      member = "serviceAccount:mock@demo-project.iam.gserviceaccount.com"
    }
  }
}

variables {
  project_id = "demo-project"
}

run "a_project_and_nothing_else" {
  command = apply

  assert {
    condition = alltrue([for bucket in [google_storage_bucket.intake, google_storage_bucket.dataset] :
    bucket.deletion_policy == "ABANDON" && !bucket.force_destroy && bucket.soft_delete_policy[0].retention_duration_seconds == 604800])
    error_message = "recordings and rows must outlive the deployment, and a mistake"
  }
  assert {
    condition = alltrue([for bucket in [google_storage_bucket.intake, google_storage_bucket.dataset] :
      alltrue([for rule in bucket.lifecycle_rule : alltrue([for action in rule.action : action.type == "AbortIncompleteMultipartUpload"])])
    ])
    error_message = "no recording and no row may be deleted by its age"
  }
  assert {
    condition = (google_firestore_database.manifests.point_in_time_recovery_enablement == "POINT_IN_TIME_RECOVERY_ENABLED"
    && google_firestore_database.manifests.delete_protection_state == "DELETE_PROTECTION_ENABLED")
    error_message = "the manifests must be recoverable, and protected"
  }
  assert {
    condition     = google_firestore_database.manifests.location_id == "us-central1"
    error_message = "the database is in the region unless a place of its own is named"
  }
  assert {
    condition     = google_pubsub_topic.events.message_retention_duration == "604800s"
    error_message = "who subscribes late must be able to seek back"
  }
  assert {
    condition = alltrue([for subscription in [google_pubsub_subscription.events, google_pubsub_subscription.dead_letters] :
    subscription.expiration_policy[0].ttl == ""])
    error_message = "a subscription must not expire because nobody looked"
  }
  assert {
    condition     = length(google_pubsub_subscription.events.dead_letter_policy) == 1
    error_message = "what cannot be taken must go to the dead letters"
  }
  assert {
    condition     = length(google_monitoring_notification_channel.email) == 0
    error_message = "no address, no channel"
  }
  assert {
    condition     = length(google_storage_bucket.intake.encryption) == 0 && google_pubsub_topic.events.kms_key_name == null
    error_message = "no key, no encryption of our own"
  }
  assert {
    condition     = length(google_service_account_iam_member.agent_becomes_tuning) == 0
    error_message = "nothing can be granted to an agent that is not there yet"
  }
  assert {
    condition     = google_pubsub_subscription.events.dead_letter_policy[0].dead_letter_topic == google_pubsub_topic.dead_letters.id
    error_message = "dead letters go to the topic for them"
  }
  assert {
    condition     = google_pubsub_subscription.dead_letters.topic == google_pubsub_topic.dead_letters.id
    error_message = "somebody must keep the dead letters"
  }
  assert {
    condition     = google_cloud_scheduler_job.tick.pubsub_target[0].topic_name == google_pubsub_topic.tick.id
    error_message = "the scheduler ticks into the tick topic"
  }
  assert {
    condition     = output.functions == { erase = "attune-erase", ingest = "attune-ingest", launch = "attune-launch", watch = "attune-watch" }
    error_message = "the functions are named after what they do"
  }
  assert {
    condition     = output.settings.for_all_datasets == "${google_firestore_document.defaults.collection}/${google_firestore_document.defaults.document_id}"
    error_message = "the output must say where the threshold is set"
  }
}
