data "google_project" "this" {
  project_id = local.project_id
}

# Reading it makes the agent, too.
data "google_storage_project_service_account" "this" {
  project = local.project_id
}

locals {
  # The project, once its APIs are on: whatever names it this way waits for them.
  project_id = one(toset([for api in google_project_service.api : api.project]))

  number         = data.google_project.this.number
  storage_agent  = data.google_storage_project_service_account.this.member
  pubsub_agent   = "serviceAccount:service-${local.number}@gcp-sa-pubsub.iam.gserviceaccount.com"
  database_agent = "serviceAccount:service-${local.number}@gcp-sa-firestore.iam.gserviceaccount.com"
  tuning_agent   = "serviceAccount:service-${local.number}@gcp-sa-vertex-tune.iam.gserviceaccount.com"
  vertex_agent   = "serviceAccount:service-${local.number}@gcp-sa-aiplatform.iam.gserviceaccount.com"
}
