# Metrics are made from the functions' own log lines: one JSON object each, told apart by its `message`.
#
#   object   ingest                 outcome
#   run      launch, watch          dataset, run, state
#   census   watch                  dataset, oldest_waiting_hours, promoted_days_ago, ledger_hours_ago
#   ledger   watch                  dataset and, as a pass over the intake bucket found them, the objects: listed, accepted,
#                                   waiting, rejected, ignored, superseded, erased, parked, taken_in, vanished, gap
#   parked…  ingest, erase, launch  task, subject, reason, deliveries
#   put off… watch                  trouble: a part of the tick, and why the next tick has to do it
#
# Cloud Monitoring looks back a day at most. So that an alert can be about days, its limit stands in the metric's filter,
# and the metric counts the lines that are beyond it.

locals {
  of_function = { for name in keys(local.functions) : name =>
    "resource.type=\"cloud_run_revision\" resource.labels.service_name=\"attune-${name}\""
  }
  of_ours = "resource.type=\"cloud_run_revision\" resource.labels.service_name=~\"^attune-(${join("|", sort(keys(local.functions)))})$\""

  overdue_hours = var.sweep_hours + 24

  of_the_intake = "^(the sweep|erasure|retries): "

  # Each of a ledger's numbers is a distribution of its own, of one value for a dataset and pass.
  ledger = [
    "accepted", "erased", "gap", "ignored", "listed", "parked", "rejected", "superseded", "taken_in", "vanished", "waiting",
  ]

  metrics = {
    objects = {
      description = "Objects that ingest has judged."
      filter      = "${local.of_function["ingest"]} jsonPayload.message=\"object\""
      labels      = { outcome = "EXTRACT(jsonPayload.outcome)" }
    }
    runs = {
      description = "Runs, each time one was worked on."
      filter      = "${local.of_ours} jsonPayload.message=\"run\""
      labels      = { dataset = "EXTRACT(jsonPayload.dataset)", state = "EXTRACT(jsonPayload.state)" }
    }
    orphans = {
      description = "Tuning jobs of ours that are on no run's record."
      filter      = "${local.of_function["watch"]} severity=ERROR jsonPayload.job:*"
      labels      = {}
    }
    waiting_too_long = {
      description = "Datasets with a pair whose other half has not come for ${var.waiting_hours} hours."
      filter      = "${local.of_function["watch"]} jsonPayload.message=\"census\" jsonPayload.oldest_waiting_hours>=${var.waiting_hours}"
      labels      = { dataset = "EXTRACT(jsonPayload.dataset)" }
    }
    gap = {
      description = "Ledgers whose states do not add up to what lies in the intake bucket."
      filter      = "${local.of_function["watch"]} jsonPayload.message=\"ledger\" jsonPayload.gap!=0"
      labels      = { dataset = "EXTRACT(jsonPayload.dataset)" }
    }
    # A pass begins sweep_hours after the one before it, and has a day to come to its end.
    overdue = {
      description = "Hours in which no pass over the intake bucket had closed its ledgers for ${local.overdue_hours} hours, once for each dataset."
      filter      = "${local.of_function["watch"]} jsonPayload.message=\"census\" jsonPayload.ledger_hours_ago>=${local.overdue_hours}"
      labels      = {}
    }
    # What the sweep itself could not work on is in no line of its own: the ledger counts it, as long as it is parked.
    parked = {
      description = "Events that were parked, and ledgers with objects whose events are."
      filter      = "${local.of_ours} ((severity=ERROR jsonPayload.message=\"parked: attune retry tries it again\") OR (jsonPayload.message=\"ledger\" jsonPayload.parked>0))"
      labels      = { task = "EXTRACT(jsonPayload.task)", dataset = "EXTRACT(jsonPayload.dataset)" }
    }
    put_off = {
      description = "Ticks that put the sweep, the erasure or the retries off to the next one."
      filter      = "${local.of_function["watch"]} jsonPayload.message=\"put off to the next tick\" jsonPayload.trouble=~\"${local.of_the_intake}\""
      labels      = { part = "REGEXP_EXTRACT(jsonPayload.trouble, \"${local.of_the_intake}\")" }
    }
    nothing_promoted = {
      description = "Datasets in whose alias nothing was promoted for ${var.promotion_days} days."
      filter      = "${local.of_function["watch"]} jsonPayload.message=\"census\" jsonPayload.promoted_days_ago>=${var.promotion_days}"
      labels      = { dataset = "EXTRACT(jsonPayload.dataset)" }
    }
  }

  # What is counted at all in so many seconds raises an alert.
  counted = {
    run_failed = {
      title    = "a run failed"
      metric   = "runs"
      where    = "AND metric.labels.state = \"failed\""
      period   = "300s"
      severity = "ERROR"
      advice   = "Its document, datasets/DATASET/runs/RUN, says why in `reason`."
    }
    orphan = {
      title    = "a tuning job is on no run's record"
      metric   = "orphans"
      where    = ""
      period   = "300s"
      severity = "ERROR"
      advice   = "The log line names the job. Cancel it if it still runs: it costs, and nobody waits for it."
    }
    waiting_too_long = {
      title    = "pairs wait too long for their other half"
      metric   = "waiting_too_long"
      where    = ""
      period   = "3600s"
      severity = "WARNING"
      advice   = "Query datasets/DATASET/pairs for state == waiting. Upload the missing half, under the same name with the other ending, or take the lone one out."
    }
    gap = {
      title    = "what arrived and what is accounted for differ"
      metric   = "gap"
      where    = ""
      period   = "3600s"
      severity = "CRITICAL"
      advice   = "Every object in the intake bucket is in one state, and here the states do not add up. The ledger line, and `attune status`, say by how many. The next pass takes in what is still open: look in the watch's log for what put it off."
    }
    overdue = {
      title    = "no ledger was closed for ${local.overdue_hours} hours"
      metric   = "overdue"
      where    = ""
      period   = "3600s"
      severity = "CRITICAL"
      advice   = "The passes over the intake bucket have stopped, or one does not come to its end: what no event told of is not taken in, and nobody knows whether the ledgers still add up. `attune status` says how far the pass is; look in the watch's log for what put it off, or for severity ERROR."
    }
    parked = {
      title    = "an event could not be worked on"
      metric   = "parked"
      where    = ""
      period   = "3600s"
      severity = "ERROR"
      advice   = "Trying it again could not help, so it was written down and acknowledged. `attune retry` lists what is parked and why; once the reason is gone, `attune retry` with its name, or with --all, has the next tick try it again."
    }
    nothing_promoted = {
      title    = "nothing was promoted for ${var.promotion_days} days"
      metric   = "nothing_promoted"
      where    = ""
      period   = "3600s"
      severity = "WARNING"
      advice   = "Look whether pairs still come in, whether runs fail, are rejected or wait for approval, and whether the dataset is paused."
    }
  }

  channels = concat([for channel in google_monitoring_notification_channel.email : channel.id], var.notification_channels)
}

resource "google_logging_metric" "line" {
  for_each = local.metrics

  project          = local.project_id
  name             = "attune/${each.key}"
  description      = each.value.description
  filter           = each.value.filter
  label_extractors = each.value.labels

  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "INT64"
    unit        = "1"

    dynamic "labels" {
      for_each = each.value.labels
      content {
        key        = labels.key
        value_type = "STRING"
      }
    }
  }
}

resource "google_logging_metric" "ledger" {
  for_each = toset(local.ledger)

  project          = local.project_id
  name             = "attune/ledger_${each.value}"
  description      = "Objects of a dataset, as a pass over the intake bucket found them: ${each.value}."
  filter           = "${local.of_function["watch"]} jsonPayload.message=\"ledger\""
  value_extractor  = "EXTRACT(jsonPayload.${each.value})"
  label_extractors = { dataset = "EXTRACT(jsonPayload.dataset)" }

  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "DISTRIBUTION"
    unit        = "1"

    labels {
      key        = "dataset"
      value_type = "STRING"
    }
  }

  # The mean of one value is the value, whatever its bucket. These reach 17 billion.
  bucket_options {
    exponential_buckets {
      num_finite_buckets = 34
      growth_factor      = 2
      scale              = 1
    }
  }
}

resource "google_monitoring_notification_channel" "email" {
  for_each = var.alert_emails

  project      = local.project_id
  display_name = "attune: ${each.value}"
  type         = "email"
  labels       = { email_address = each.value }
}

resource "google_monitoring_alert_policy" "counted" {
  for_each = local.counted

  project               = local.project_id
  display_name          = "attune: ${each.value.title}"
  combiner              = "OR"
  severity              = each.value.severity
  notification_channels = local.channels

  conditions {
    display_name = each.value.title

    condition_threshold {
      filter = trimspace(join(" ", [
        "resource.type = \"cloud_run_revision\" AND metric.type = \"logging.googleapis.com/user/${google_logging_metric.line[each.value.metric].name}\"",
        each.value.where,
      ]))
      comparison      = "COMPARISON_GT"
      threshold_value = 0
      duration        = "0s"

      aggregations {
        alignment_period     = each.value.period
        per_series_aligner   = "ALIGN_DELTA"
        cross_series_reducer = "REDUCE_SUM"
        group_by_fields      = contains(keys(local.metrics[each.value.metric].labels), "dataset") ? ["metric.label.dataset"] : []
      }
    }
  }

  documentation {
    content   = each.value.advice
    mime_type = "text/markdown"
  }
}

# A failed call is called again, and some are meant to fail: another instance is at it. Half an hour of them is not.
resource "google_monitoring_alert_policy" "failing" {
  project               = local.project_id
  display_name          = "attune: a function keeps failing"
  combiner              = "OR"
  severity              = "ERROR"
  notification_channels = local.channels

  conditions {
    display_name = "calls failed in every five minutes of half an hour"

    condition_threshold {
      filter          = "resource.type = \"cloud_run_revision\" AND resource.labels.service_name = starts_with(\"attune-\") AND metric.type = \"run.googleapis.com/request_count\" AND metric.labels.response_code_class = \"5xx\""
      comparison      = "COMPARISON_GT"
      threshold_value = 0
      duration        = "1800s"

      aggregations {
        alignment_period     = "300s"
        per_series_aligner   = "ALIGN_DELTA"
        cross_series_reducer = "REDUCE_SUM"
        group_by_fields      = ["resource.label.service_name"]
      }
    }
  }

  documentation {
    content   = "Look at the function's log for severity ERROR. An event is tried again for 24 hours, and then it is dropped: what it told of an object, the next pass over the intake bucket finds out."
    mime_type = "text/markdown"
  }
}

# A tick puts off what a service did not answer, and the next one does it. What keeps a pass from its end says so here long
# before its ledgers are overdue. An absence of ledgers cannot be asked for: it may last 23.5 hours at most, and a day lies
# between two of them; so the census tells how old they are.
resource "google_monitoring_alert_policy" "put_off" {
  project               = local.project_id
  display_name          = "attune: the sweep or the erasure gets nowhere"
  combiner              = "OR"
  severity              = "ERROR"
  notification_channels = local.channels

  conditions {
    display_name = "put off in every quarter of two hours"

    condition_threshold {
      filter          = "resource.type = \"cloud_run_revision\" AND metric.type = \"logging.googleapis.com/user/${google_logging_metric.line["put_off"].name}\""
      comparison      = "COMPARISON_GT"
      threshold_value = 0
      duration        = "7200s"

      aggregations {
        alignment_period     = "900s"
        per_series_aligner   = "ALIGN_DELTA"
        cross_series_reducer = "REDUCE_SUM"
        group_by_fields      = ["metric.label.part"]
      }
    }
  }

  documentation {
    content   = "What no event told of is not taken in meanwhile, no ledger is closed, or copies of deleted files are not deleted. The watch's log says in `trouble` what did not answer; a right that is missing is found by `attune doctor`."
    mime_type = "text/markdown"
  }
}

resource "google_monitoring_alert_policy" "silent" {
  project               = local.project_id
  display_name          = "attune: the watch is silent"
  combiner              = "OR"
  severity              = "CRITICAL"
  notification_channels = local.channels

  conditions {
    display_name = "no tick has ended well for half an hour"

    condition_absent {
      filter   = "resource.type = \"cloud_run_revision\" AND resource.labels.service_name = \"${module.function["watch"].name}\" AND metric.type = \"run.googleapis.com/request_count\" AND metric.labels.response_code_class = \"2xx\""
      duration = "1800s"

      aggregations {
        alignment_period     = "300s"
        per_series_aligner   = "ALIGN_DELTA"
        cross_series_reducer = "REDUCE_SUM"
      }
    }
  }

  documentation {
    content   = "Nothing is followed and nothing announced meanwhile; nothing is lost, either. Look at the Cloud Scheduler job ${google_cloud_scheduler_job.tick.name} and at the function's log."
    mime_type = "text/markdown"
  }
}

resource "google_monitoring_alert_policy" "dead_letters" {
  project               = local.project_id
  display_name          = "attune: dead letters"
  combiner              = "OR"
  severity              = "WARNING"
  notification_channels = local.channels

  conditions {
    display_name = "a message lies in the dead letters"

    condition_threshold {
      filter          = "resource.type = \"pubsub_subscription\" AND resource.labels.subscription_id = \"${google_pubsub_subscription.dead_letters.name}\" AND metric.type = \"pubsub.googleapis.com/subscription/num_undelivered_messages\""
      comparison      = "COMPARISON_GT"
      threshold_value = 0
      duration        = "0s"

      aggregations {
        alignment_period   = "300s"
        per_series_aligner = "ALIGN_MAX"
      }
    }
  }

  documentation {
    content   = "A subscriber refused a message ten times. Pull ${google_pubsub_subscription.dead_letters.name} to read it; it is kept for a week."
    mime_type = "text/markdown"
  }
}
