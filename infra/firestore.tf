# Settings and manifests. `terraform destroy` lets go of the database and of the settings and leaves both where they are.
#
# No field has a TTL: no document here expires. A message leaves the outbox when it was sent, a parked event when it was
# worked on after all, and all the rest is what "every object is in exactly one state" is counted from.

resource "google_firestore_database" "manifests" {
  project                           = local.project_id
  name                              = var.firestore_database
  location_id                       = var.firestore_location == "" ? var.region : var.firestore_location
  type                              = "FIRESTORE_NATIVE"
  concurrency_mode                  = "OPTIMISTIC"
  point_in_time_recovery_enablement = "POINT_IN_TIME_RECOVERY_ENABLED"
  delete_protection_state           = "DELETE_PROTECTION_ENABLED"
  deletion_policy                   = "ABANDON"

  dynamic "cmek_config" {
    for_each = local.kms_keys
    content {
      kms_key_name = cmek_config.value
    }
  }

  depends_on = [google_kms_crypto_key_iam_member.agent]
}

# --- indexes: one for each question in attune.services.manifests that Firestore's own do not answer ---

# The new pairs that have waited longest.
resource "google_firestore_index" "oldest_new_pairs" {
  project     = local.project_id
  database    = google_firestore_database.manifests.name
  collection  = "pairs"
  query_scope = "COLLECTION"

  fields {
    field_path = "due"
    order      = "ASCENDING"
  }
  fields {
    field_path = "due_hour"
    order      = "ASCENDING"
  }
}

# The pairs that have waited longest for their other half.
resource "google_firestore_index" "oldest_waiting_pairs" {
  project     = local.project_id
  database    = google_firestore_database.manifests.name
  collection  = "pairs"
  query_scope = "COLLECTION"

  fields {
    field_path = "state"
    order      = "ASCENDING"
  }
  fields {
    field_path = "waiting_hour"
    order      = "ASCENDING"
  }
}

# Every dataset's active runs. To state a field's indexes takes away those it had, so a dataset's own is stated too.
resource "google_firestore_field" "active_runs" {
  project    = local.project_id
  database   = google_firestore_database.manifests.name
  collection = "runs"
  field      = "active"

  index_config {
    indexes {
      order       = "ASCENDING"
      query_scope = "COLLECTION"
    }
    indexes {
      order       = "ASCENDING"
      query_scope = "COLLECTION_GROUP"
    }
  }
}

# Every dataset's pairs whose copies are to be deleted.
resource "google_firestore_field" "pairs_to_forget" {
  project    = local.project_id
  database   = google_firestore_database.manifests.name
  collection = "pairs"
  field      = "to_forget"

  index_config {
    indexes {
      order       = "ASCENDING"
      query_scope = "COLLECTION"
    }
    indexes {
      order       = "ASCENDING"
      query_scope = "COLLECTION_GROUP"
    }
  }
}

# What has changed of late, the oldest first. Nobody asks for it backwards, and each direction costs an entry a write.
resource "google_firestore_field" "changed_pairs" {
  project    = local.project_id
  database   = google_firestore_database.manifests.name
  collection = "pairs"
  field      = "changed_minute"

  index_config {
    indexes {
      order       = "ASCENDING"
      query_scope = "COLLECTION"
    }
  }
}

# --- fields that nobody asks for: an index on a map or an array costs an entry for everything in it, and one on a value
# --- that only grows (a time, a path) bears 500 writes a second at most in all of a collection

locals {
  unindexed = {
    pairs = [
      "audio", "barred", "changed_at", "due_hour", "erased", "freed", "measured", "past", "path", "reasons", "remarks", "row",
      "sides", "stays", "taken", "transcript", "waiting_hour",
    ]
    recordings = ["holders", "refused"]
    answers    = ["answer", "at", "reference"]
    evaluations = [
      "absent", "at", "comparisons", "contenders", "normalisation", "scores", "slices", "verdict",
    ]
    sides   = ["first"]
    shards  = ["children", "members", "span"]
    runs    = ["changed_at", "dropped", "history", "hold_out", "manifest", "opened_at", "plan", "recipe", "train", "validation"]
    outbox  = ["at", "data"]
    aliases = ["current", "newest", "previous"]
    history = ["current", "newest", "previous"]
    states  = ["customs", "errors", "good"]
    reports = ["published_at"]
    leases  = ["until"]
    ledgers = [
      "accepted", "at", "dataset", "erased", "gap", "ignored", "listed", "parked", "pass_number", "rejected", "superseded",
      "taken_in", "vanished", "waiting",
    ]
    sweeps   = ["closing", "counted", "finished_at", "reached", "started_at", "total", "walked"]
    discards = ["names", "tree"]
    parked   = ["facts", "first_at", "last_at", "reason", "subject"]
    datasets = ["gate", "guard", "prompt", "quality", "system_instruction", "tasks", "transcripts"]
  }
  unindexed_fields = merge([
    for collection, fields in local.unindexed : {
      for field in fields : "${collection}.${field}" => { collection = collection, field = field }
    }
  ]...)
}

resource "google_firestore_field" "unindexed" {
  for_each = local.unindexed_fields

  project    = local.project_id
  database   = google_firestore_database.manifests.name
  collection = each.value.collection
  field      = each.value.field

  index_config {}
}

# --- settings ---

# Every setting there is, at its default, for a person to edit in the console. From then on it is theirs.
resource "google_firestore_document" "defaults" {
  project         = local.project_id
  database        = google_firestore_database.manifests.name
  collection      = "settings"
  document_id     = "defaults"
  deletion_policy = "ABANDON"

  fields = jsonencode({
    threshold      = { integerValue = "100" }
    max_wait_hours = { nullValue = null }
    min_pairs      = { integerValue = "10" }
    cooldown_hours = { doubleValue = 0 }
    paused         = { booleanValue = false }

    prompt             = { stringValue = "Transcribe this audio verbatim." }
    system_instruction = { nullValue = null }
    row_format         = { stringValue = "file_uri" }
    tasks              = { mapValue = { fields = {} } }
    transcripts = { mapValue = { fields = {
      casing      = { stringValue = "keep" }
      punctuation = { stringValue = "keep" }
    } } }
    validation_fraction = { doubleValue = 0.1 }
    group_by            = { nullValue = null }

    base_model               = { stringValue = var.base_model }
    epochs                   = { nullValue = null }
    learning_rate_multiplier = { nullValue = null }
    adapter_size             = { nullValue = null }
    scope                    = { stringValue = "all" }
    alias                    = { nullValue = null }
    promotion                = { stringValue = "auto" }

    over_limit       = { stringValue = "refuse" }
    max_run_cost_usd = { nullValue = null }

    eval_examples = { integerValue = "200" }
    language      = { stringValue = "en" }
    gate = { mapValue = { fields = {
      max_wer              = { nullValue = null }
      max_cer              = { nullValue = null }
      max_mismatch         = { nullValue = null }
      min_improvement      = { doubleValue = 0 }
      confidence           = { doubleValue = 0.9 }
      max_slice_regression = { nullValue = null }
      min_slice_examples   = { integerValue = "10" }
      max_dropped_share    = { doubleValue = 0.1 }
      max_flawed_share     = { doubleValue = 0.1 }
      max_invalid_share    = { nullValue = null }
      max_silence_words    = { nullValue = null }
      unmeasured           = { stringValue = "hold" }
    } } }
    guard = { mapValue = { fields = {
      hours          = { nullValue = null }
      checks         = { integerValue = "3" }
      examples       = { integerValue = "50" }
      max_regression = { doubleValue = 0.05 }
    } } }

    quality = { mapValue = { fields = {
      max_audio_bytes               = { integerValue = "100000000" }
      max_audio_seconds             = { doubleValue = 3600 }
      min_audio_seconds             = { doubleValue = 0.1 }
      advised_audio_seconds         = { doubleValue = 30 }
      min_sample_rate               = { integerValue = "8000" }
      max_sample_rate               = { integerValue = "192000" }
      advised_sample_rate           = { integerValue = "16000" }
      max_channels                  = { integerValue = "8" }
      advised_channels              = { integerValue = "1" }
      advised_bit_depth             = { integerValue = "16" }
      silence_dbfs                  = { doubleValue = -50 }
      max_silent_share              = { doubleValue = 0.98 }
      advised_silent_share          = { doubleValue = 0.5 }
      advised_leading_silence       = { doubleValue = 2 }
      advised_trailing_silence      = { doubleValue = 3 }
      advised_clipped_share         = { doubleValue = 0.001 }
      advised_dc_offset             = { doubleValue = 0.02 }
      advised_lowest_level          = { doubleValue = -40 }
      advised_highest_level         = { doubleValue = -6 }
      advised_snr_db                = { doubleValue = 10 }
      max_transcript_bytes          = { integerValue = "1000000" }
      max_characters_per_second     = { doubleValue = 35 }
      advised_characters_per_second = { doubleValue = 2 }
      max_repeats                   = { integerValue = "4" }
      severities                    = { mapValue = { fields = {} } }
    } } }
  })

  lifecycle {
    ignore_changes = [fields]
  }
}
