# What can be chosen, and what is refused.

mock_provider "google" {
  mock_data "google_storage_project_service_account" {
    defaults = {
      member = "serviceAccount:service-123456789012@gs-project-accounts.iam.gserviceaccount.com"
    }
  }
}

variables {
  project_id = "demo-project"
}

run "alerts_go_to_addresses_and_to_channels_that_exist" {
  command = plan
  variables {
    alert_emails          = ["someone@example.com"]
    notification_channels = ["projects/demo-project/notificationChannels/1"]
  }
  assert {
    condition     = google_monitoring_notification_channel.email["someone@example.com"].labels.email_address == "someone@example.com"
    error_message = "an address must become a channel"
  }
  assert {
    condition     = length(google_monitoring_alert_policy.failing.notification_channels) == 2
    error_message = "both must be alerted"
  }
}

run "a_key_encrypts_what_holds_data" {
  command = plan
  variables {
    kms_key = "projects/keys/locations/us-central1/keyRings/ring/cryptoKeys/key"
  }
  assert {
    condition = alltrue([for bucket in [google_storage_bucket.intake, google_storage_bucket.dataset] :
    bucket.encryption[0].default_kms_key_name == var.kms_key])
    error_message = "recordings and rows must be encrypted with the key"
  }
  assert {
    condition     = google_firestore_database.manifests.cmek_config[0].kms_key_name == var.kms_key && google_pubsub_topic.events.kms_key_name == var.kms_key
    error_message = "manifests and messages must be encrypted with the key"
  }
  assert {
    condition     = length(google_kms_crypto_key_iam_member.agent) == 3
    error_message = "the services that hold data must be able to use the key"
  }
}

run "the_database_the_model_and_the_region_can_be_chosen" {
  command = plan
  variables {
    firestore_location = "eur3"
    firestore_database = "attune"
    base_model         = "gemini-3.5-flash"
    region             = "europe-west4"
  }
  assert {
    condition     = google_firestore_database.manifests.location_id == "eur3" && google_firestore_database.manifests.name == "attune"
    error_message = "the database must be where it was asked for"
  }
  assert {
    condition     = strcontains(google_project_iam_member.uses_database["watch"].condition[0].expression, "databases/attune\"")
    error_message = "the functions must be let into that database"
  }
  assert {
    condition     = jsondecode(google_firestore_document.defaults.fields).base_model.stringValue == "gemini-3.5-flash"
    error_message = "the settings must start with the base model"
  }
}

run "traces_go_to_google_with_the_right_to_write_them" {
  command = plan
  variables {
    traces = "otlp"
  }
  assert {
    condition     = local.environment.ATTUNE_TRACES == "otlp"
    error_message = "the functions must be told"
  }
  assert {
    condition     = contains(keys(google_project_service.api), "telemetry.googleapis.com") && length(google_project_iam_member.writes_spans) == length(local.functions)
    error_message = "the API must be on, and every function must be let in"
  }
}

run "traces_elsewhere_take_nothing_of_googles" {
  command = plan
  variables {
    traces = "file:/tmp/spans"
  }
  assert {
    condition     = local.environment.ATTUNE_TRACES == "file:/tmp/spans" && length(google_project_iam_member.writes_spans) == 0
    error_message = "nothing may be granted that is not used"
  }
}

run "traces_to_nowhere_known_are_refused" {
  command = plan
  variables {
    traces = "file:"
  }
  expect_failures = [var.traces]
}

run "a_ledger_is_overdue_a_day_after_the_next_pass_should_have_begun" {
  command = plan
  variables {
    sweep_hours = 168
  }
  assert {
    condition     = strcontains(google_logging_metric.line["overdue"].filter, "jsonPayload.ledger_hours_ago>=192")
    error_message = "a rare pass must not raise an alert between two of them"
  }
}

run "gemini_3_elsewhere_is_refused" {
  command = plan
  variables {
    base_model = "gemini-3.5-flash"
    region     = "europe-west1"
  }
  expect_failures = [var.base_model]
}

run "a_key_with_gemini_3_is_refused" {
  command = plan
  variables {
    base_model = "gemini-3.5-flash"
    kms_key    = "projects/keys/locations/us-central1/keyRings/ring/cryptoKeys/key"
  }
  expect_failures = [var.kms_key]
}

run "a_key_from_elsewhere_is_refused" {
  command = plan
  variables {
    kms_key = "projects/keys/locations/global/keyRings/ring/cryptoKeys/key"
  }
  expect_failures = [var.kms_key]
}

run "a_key_with_a_multi_region_database_is_refused" {
  command = plan
  variables {
    kms_key            = "projects/keys/locations/us-central1/keyRings/ring/cryptoKeys/key"
    firestore_location = "nam5"
  }
  expect_failures = [var.kms_key]
}

run "what_is_malformed_is_refused" {
  command = plan
  variables {
    project_id            = "123456789012"
    max_concurrent_jobs   = 0
    sweep_hours           = 1.5
    alert_emails          = ["someone"]
    notification_channels = ["1"]
    firestore_database    = "X"
    waiting_hours         = 0
    promotion_days        = 0
    traces                = "stdout"
  }
  expect_failures = [
    var.project_id,
    var.max_concurrent_jobs,
    var.sweep_hours,
    var.alert_emails,
    var.notification_channels,
    var.firestore_database,
    var.waiting_hours,
    var.promotion_days,
    var.traces,
  ]
}

run "global_is_refused" {
  command = plan
  variables {
    region = "global"
  }
  expect_failures = [var.region]
}
