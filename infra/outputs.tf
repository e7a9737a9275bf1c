locals {
  console_database = var.firestore_database == "(default)" ? "-default-" : var.firestore_database
  console          = "https://console.cloud.google.com"
}

output "intake_uri" {
  description = "Where recordings and transcripts are dropped: under INTAKE/DATASET/."
  value       = google_storage_bucket.intake.url
}

output "dataset_uri" {
  description = "Where rows, shards and the runs' files are."
  value       = google_storage_bucket.dataset.url
}

output "events_topic" {
  description = "What to subscribe to."
  value       = google_pubsub_topic.events.id
}

output "events_subscription" {
  description = "A first subscription, to look at what is announced."
  value       = google_pubsub_subscription.events.id
}

output "dead_letters_subscription" {
  description = "Where messages end up that nobody could take."
  value       = google_pubsub_subscription.dead_letters.id
}

output "settings" {
  description = "Where the threshold is set: for all datasets, and for one."
  value = {
    for_all_datasets = "settings/defaults"
    for_one_dataset  = "datasets/DATASET"
    console          = "${local.console}/firestore/databases/${local.console_database}/data/panel/settings/defaults?project=${var.project_id}"
  }
}

output "functions" {
  description = "The functions' names."
  value       = { for name, function in module.function : name => function.name }
}

output "tuning_account" {
  description = "What tuning jobs run as, once tuning_agent_exists is true."
  value       = google_service_account.tuning.email
}

output "dashboard" {
  description = "Where to look."
  value       = "${local.console}/monitoring/dashboards?project=${var.project_id}"
}
