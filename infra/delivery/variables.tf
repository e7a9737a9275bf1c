variable "project_id" {
  description = "The project that attune is in."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project_id))
    error_message = "project_id must be a project's id: 6 to 30 lower-case letters, digits and hyphens."
  }
}

variable "region" {
  description = "Where the builds run: the repository's connection is there."
  type        = string
  nullable    = false
  default     = "us-central1"

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]+$", var.region))
    error_message = "region must be one region, as in us-central1."
  }
}

variable "repository" {
  description = "The repository as it is connected to Cloud Build: projects/P/locations/L/connections/C/repositories/R."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^projects/[^/]+/locations/[^/]+/connections/[^/]+/repositories/[^/]+$", var.repository))
    error_message = "repository must be a connected repository's full name: projects/P/locations/L/connections/C/repositories/R."
  }
}

variable "branch" {
  description = "The branch that is deployed, as a regular expression."
  type        = string
  nullable    = false
  default     = "^main$"
}

variable "state_bucket" {
  description = "The bucket with Terraform's state."
  type        = string
  nullable    = false
}
