terraform {
  # 1.9 lets a validation compare two variables.
  required_version = ">= 1.9.0, < 2.0.0"

  required_providers {
    google = {
      source  = "hashicorp/google"
      version = "~> 8.0"
    }
  }

  # The bucket comes from the command line, since it must be there before anything else is:
  # terraform init -backend-config=bucket=BUCKET
  backend "gcs" {
    prefix = "attune"
  }
}

provider "google" {
  project = var.project_id
  region  = var.region
}
