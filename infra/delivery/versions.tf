# Delivery by Cloud Build, if it is wanted: applied once, by a person who may grant roles in the project.

terraform {
  required_version = ">= 1.9.0, < 2.0.0"

  required_providers {
    google = {
      source  = "hashicorp/google"
      version = "~> 8.0"
    }
  }

  backend "gcs" {
    prefix = "attune-delivery"
  }
}

provider "google" {
  project = var.project_id
  region  = var.region
}
