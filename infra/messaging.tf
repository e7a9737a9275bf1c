# attune-events carries CloudEvents in the binary binding: several types, told apart by the `ce-type` attribute, and each
# with a body of its own. A Pub/Sub schema describes one body for a whole topic, so there is none that would fit.

resource "google_pubsub_topic" "events" {
  project                    = local.project_id
  name                       = "attune-events"
  message_retention_duration = "${local.seven_days}s" # so that who subscribes late can seek back
  kms_key_name               = one(local.kms_keys)

  depends_on = [google_kms_crypto_key_iam_member.agent]
}

resource "google_pubsub_topic" "launch" {
  project      = local.project_id
  name         = "attune-launch"
  kms_key_name = one(local.kms_keys)

  depends_on = [google_kms_crypto_key_iam_member.agent]
}

resource "google_pubsub_topic" "tick" {
  project      = local.project_id
  name         = "attune-tick"
  kms_key_name = one(local.kms_keys)

  depends_on = [google_kms_crypto_key_iam_member.agent]
}

resource "google_pubsub_topic" "dead_letters" {
  project      = local.project_id
  name         = "attune-dead-letters"
  kms_key_name = one(local.kms_keys)

  depends_on = [google_kms_crypto_key_iam_member.agent]
}

# A first subscription, for whoever wants to look. Eventarc makes those of the functions itself, and they can carry no
# dead-letter policy from here.
resource "google_pubsub_subscription" "events" {
  project                    = local.project_id
  name                       = "attune-events-watch"
  topic                      = google_pubsub_topic.events.id
  ack_deadline_seconds       = 60
  message_retention_duration = "${local.seven_days}s"

  dead_letter_policy {
    dead_letter_topic     = google_pubsub_topic.dead_letters.id
    max_delivery_attempts = 10
  }

  retry_policy {
    minimum_backoff = "10s"
    maximum_backoff = "600s"
  }

  expiration_policy {
    ttl = "" # never, however long nobody looks
  }
}

resource "google_pubsub_subscription" "dead_letters" {
  project                    = local.project_id
  name                       = "attune-dead-letters"
  topic                      = google_pubsub_topic.dead_letters.id
  ack_deadline_seconds       = 60
  message_retention_duration = "${local.seven_days}s"

  retry_policy {
    minimum_backoff = "10s"
    maximum_backoff = "600s"
  }

  expiration_policy {
    ttl = ""
  }
}
