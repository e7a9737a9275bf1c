variable "project_id" {
  description = "The project, with its APIs on."
  type        = string
  nullable    = false
}

variable "region" {
  description = "Where the function runs and where its events come from."
  type        = string
  nullable    = false
}

variable "name" {
  description = "The function's name, its account's and its Cloud Run service's."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,20}[a-z0-9]$", var.name))
    error_message = "name must be 6 to 22 lower-case letters, digits and hyphens: the trigger's account adds eight, and has room for 30."
  }
}

variable "description" {
  description = "What the function does, for the console."
  type        = string
  nullable    = false
}

variable "entry_point" {
  description = "The Python function in main.py."
  type        = string
  nullable    = false
}

variable "archive" {
  description = "The staged source as a zip whose bytes depend on its content only."
  type        = string
  nullable    = false

  validation {
    condition     = fileexists(var.archive)
    error_message = "The function's archive is not there: run `make stage` first."
  }
}

variable "source_bucket" {
  description = "The bucket the archive is uploaded to."
  type        = string
  nullable    = false
}

variable "build_account" {
  description = "The account that builds the image: projects/PROJECT/serviceAccounts/EMAIL."
  type        = string
  nullable    = false
}

variable "docker_repository" {
  description = "Where the image is kept: projects/PROJECT/locations/REGION/repositories/ID."
  type        = string
  nullable    = false
}

variable "memory" {
  description = "Memory of an instance, in Mi or Gi."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[0-9]+(Mi|Gi)$", var.memory))
    error_message = "memory must be a number of Mi or Gi, as in 512Mi."
  }
}

variable "timeout_seconds" {
  description = "How long an event may take."
  type        = number
  nullable    = false

  validation {
    condition     = var.timeout_seconds >= 1 && var.timeout_seconds <= 540
    error_message = "timeout_seconds must be 1 to 540, which is the most for a function that takes events."
  }
}

variable "concurrency" {
  description = "How many events an instance works on at once; it gets as many threads."
  type        = number
  nullable    = false

  validation {
    condition     = var.concurrency >= 1 && var.concurrency <= 1000
    error_message = "concurrency must be 1 to 1000."
  }
}

variable "max_instances" {
  description = "How many instances there may be; the events beyond wait."
  type        = number
  nullable    = false

  validation {
    condition     = var.max_instances >= 1
    error_message = "max_instances must be at least 1."
  }
}

variable "environment" {
  description = "The function's environment."
  type        = map(string)
  nullable    = false
}

variable "trigger" {
  description = "What sets it off: an event type with either a topic (its full name) or filters."
  type = object({
    event_type = string
    topic      = optional(string)
    filters    = optional(map(string), {})
  })
  nullable = false

  validation {
    condition     = (var.trigger.topic == null) != (length(var.trigger.filters) == 0)
    error_message = "trigger must have a topic or filters, and not both."
  }
}
