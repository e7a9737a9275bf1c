# Both run cloudbuild.yaml. The first shows what would change; the second waits for a person, and then changes it.

locals {
  builds = {
    plan  = { account = google_service_account.plan.id, verb = "show", approval = false, about = "Checks, and shows what an apply would change." }
    apply = { account = google_service_account.deploy.id, verb = "apply", approval = true, about = "Applies, once a person has approved." }
  }
}

resource "google_cloudbuild_trigger" "build" {
  for_each = local.builds

  project         = var.project_id
  location        = var.region
  name            = "attune-${each.key}"
  description     = each.value.about
  service_account = each.value.account
  filename        = "cloudbuild.yaml"

  substitutions = {
    _STATE_BUCKET = var.state_bucket
    _VERB         = each.value.verb
  }

  repository_event_config {
    repository = var.repository
    push {
      branch = var.branch
    }
  }

  approval_config {
    approval_required = each.value.approval
  }

  depends_on = [
    google_project_iam_member.builds_log,
    google_project_iam_member.deploy_changes,
    google_project_iam_member.deploy_grants,
    google_project_iam_member.plan_reads,
    google_project_iam_member.plan_reads_sources,
    google_storage_bucket_iam_member.plan_locks,
  ]
}
