# Intake, dataset and source are three buckets, because no function may write where it listens.
# `terraform destroy` lets go of the intake and the dataset bucket and leaves them where they are.

locals {
  seven_days = 7 * 24 * 60 * 60
}

resource "google_storage_bucket" "intake" {
  project                     = local.project_id
  name                        = "${var.project_id}-attune-intake"
  location                    = upper(var.region)
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  force_destroy               = false
  deletion_policy             = "ABANDON"

  # What was overwritten or deleted by mistake can be had back for a week. No versions beside that: a person who deletes
  # a recording means it, `attune` takes an older version for gone, and erase listens to deletions, which a bucket with
  # versions tells of by another event. No object is deleted by its age, either.
  soft_delete_policy {
    retention_duration_seconds = local.seven_days
  }

  versioning {
    enabled = false
  }

  lifecycle_rule {
    condition {
      age = 7
    }
    action {
      type = "AbortIncompleteMultipartUpload"
    }
  }

  dynamic "encryption" {
    for_each = local.kms_keys
    content {
      default_kms_key_name = encryption.value
    }
  }

  depends_on = [google_kms_crypto_key_iam_member.agent]
}

resource "google_storage_bucket" "dataset" {
  project                     = local.project_id
  name                        = "${var.project_id}-attune-datasets"
  location                    = upper(var.region)
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  force_destroy               = false
  deletion_policy             = "ABANDON"

  # Every object is written once, under a name made from its content, and composed again years later: so there are no
  # versions to keep, and nothing here may be deleted by its age. Only reports are replaced, and not missed. What was made
  # of a deleted file is deleted here, too, and is gone for good a week later.
  soft_delete_policy {
    retention_duration_seconds = local.seven_days
  }

  versioning {
    enabled = false
  }

  lifecycle_rule {
    condition {
      age = 7
    }
    action {
      type = "AbortIncompleteMultipartUpload"
    }
  }

  dynamic "encryption" {
    for_each = local.kms_keys
    content {
      default_kms_key_name = encryption.value
    }
  }

  depends_on = [google_kms_crypto_key_iam_member.agent]
}

resource "google_storage_bucket" "source" {
  project                     = local.project_id
  name                        = "${var.project_id}-attune-source"
  location                    = upper(var.region)
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  force_destroy               = true # only archives, which `make stage` makes again

  # Terraform deletes an archive when the next one takes its place: for a month it is still there to go back to.
  versioning {
    enabled = true
  }

  soft_delete_policy {
    retention_duration_seconds = 0
  }

  lifecycle_rule {
    condition {
      days_since_noncurrent_time = 30
    }
    action {
      type = "Delete"
    }
  }
}
