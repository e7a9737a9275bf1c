locals {
  user_metric = "resource.type = \"cloud_run_revision\" AND metric.type = \"logging.googleapis.com/user/attune"
  requests    = "resource.type = \"cloud_run_revision\" AND resource.labels.service_name = starts_with(\"attune-\") AND metric.type = \"run.googleapis.com"

  # Each chart: what it shows, how it is aligned, and what its lines are told apart by.
  counts = [
    { title = "Objects, by what became of them", filter = "${local.user_metric}/objects\"", aligner = "ALIGN_DELTA", by = "metric.label.outcome" },
    { title = "Runs, by state", filter = "${local.user_metric}/runs\"", aligner = "ALIGN_DELTA", by = "metric.label.state" },
    { title = "Datasets with pairs that wait too long", filter = "${local.user_metric}/waiting_too_long\"", aligner = "ALIGN_DELTA", by = "metric.label.dataset" },
    { title = "Datasets that do not add up", filter = "${local.user_metric}/gap\"", aligner = "ALIGN_DELTA", by = "metric.label.dataset" },
    { title = "Events that could not be worked on, by function", filter = "${local.user_metric}/parked\"", aligner = "ALIGN_DELTA", by = "metric.label.task" },
    { title = "Failed calls, by function", filter = "${local.requests}/request_count\" AND metric.labels.response_code_class = \"5xx\"", aligner = "ALIGN_DELTA", by = "resource.label.service_name" },
    { title = "Time a call takes, 95th percentile", filter = "${local.requests}/request_latencies\"", aligner = "ALIGN_PERCENTILE_95", by = "resource.label.service_name" },
    { title = "Messages not taken yet, by subscription", filter = "resource.type = \"pubsub_subscription\" AND metric.type = \"pubsub.googleapis.com/subscription/num_undelivered_messages\"", aligner = "ALIGN_MAX", by = "resource.label.subscription_id" },
    { title = "Oldest message, seconds", filter = "resource.type = \"pubsub_subscription\" AND metric.type = \"pubsub.googleapis.com/subscription/oldest_unacked_message_age\"", aligner = "ALIGN_MAX", by = "resource.label.subscription_id" },
  ]

  # A pass closes one ledger a dataset: its numbers are means over the time from one pass to the next.
  ledgers = [
    { title = "The intake bucket, by what its objects are", states = ["listed", "accepted", "waiting", "rejected", "ignored", "superseded"] },
    { title = "Objects that no event told of, and that could not be worked on", states = ["taken_in", "parked", "gap"] },
    { title = "Objects that were deleted", states = ["erased", "vanished"] },
  ]

  charts = concat(
    [for chart in local.counts : { title = chart.title, lines = [
      { filter = chart.filter, period = "300s", aligner = chart.aligner, reducer = "REDUCE_MAX", by = chart.by, legend = null }
    ] }],
    [for chart in local.ledgers : { title = chart.title, lines = [for state in chart.states : {
      filter  = "${local.user_metric}/${trimprefix(google_logging_metric.ledger[state].name, "attune/")}\""
      period  = "${var.sweep_hours * 60 * 60}s"
      aligner = "ALIGN_DELTA"
      reducer = "REDUCE_MEAN"
      by      = "metric.label.dataset"
      legend  = "$${metric.labels.dataset}: ${replace(state, "_", " ")}"
    }] }],
  )
}

resource "google_monitoring_dashboard" "overview" {
  project = local.project_id

  dashboard_json = jsonencode({
    displayName = "attune"
    mosaicLayout = {
      columns = 48
      tiles = [for place, chart in local.charts : {
        xPos   = place % 2 * 24
        yPos   = floor(place / 2) * 16
        width  = 24
        height = 16
        widget = {
          title = chart.title
          xyChart = {
            dataSets = [for line in chart.lines : merge(line.legend == null ? {} : { legendTemplate = line.legend }, {
              plotType = "LINE"
              timeSeriesQuery = {
                timeSeriesFilter = {
                  filter = line.filter
                  aggregation = {
                    alignmentPeriod    = line.period
                    perSeriesAligner   = line.aligner
                    crossSeriesReducer = line.reducer
                    groupByFields      = [line.by]
                  }
                }
              }
            })]
          }
        }
      }]
    }
  })

  depends_on = [google_logging_metric.line]
}
