# A key of the project's own for what holds recordings, rows, manifests and messages. The functions' code holds none.

locals {
  kms_keys = var.kms_key == "" ? [] : [var.kms_key]
}

resource "google_kms_crypto_key_iam_member" "agent" {
  for_each = var.kms_key == "" ? {} : merge(
    {
      storage  = local.storage_agent
      pubsub   = local.pubsub_agent
      database = local.database_agent
    },
    # Vertex's own agents come with the project's first job, too: a job with a key waits for them.
    var.tuning_agent_exists ? { vertex = local.vertex_agent, tuning = local.tuning_agent } : {},
  )

  crypto_key_id = var.kms_key
  role          = "roles/cloudkms.cryptoKeyEncrypterDecrypter"
  member        = each.value
}
