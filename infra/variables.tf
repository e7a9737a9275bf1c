variable "project_id" {
  description = "The project everything is put into. It may be empty, but has to have a billing account."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project_id))
    error_message = "project_id must be a project's id: 6 to 30 lower-case letters, digits and hyphens, as in my-project-123."
  }
}

variable "region" {
  description = "Where the functions, the buckets and the tuning jobs are. Gemini 2.x tunes in us-central1, 3.x in us-central1 and europe-west4."
  type        = string
  nullable    = false
  default     = "us-central1"

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]+$", var.region))
    error_message = "region must be one region, as in us-central1: functions listen to a bucket in their own region only, and tuning refuses global."
  }
}

variable "firestore_database" {
  description = "Id of the Firestore database. Choose another where the project's default one is taken."
  type        = string
  nullable    = false
  default     = "(default)"

  validation {
    condition     = var.firestore_database == "(default)" || can(regex("^[a-z][a-z0-9-]{2,61}[a-z0-9]$", var.firestore_database))
    error_message = "firestore_database must be (default), or 4 to 63 lower-case letters, digits and hyphens."
  }
}

variable "firestore_location" {
  description = "Where the database is, for good: a region or a multi-region such as nam5 or eur3. Empty: the region."
  type        = string
  nullable    = false
  default     = ""

  validation {
    condition     = can(regex("^([a-z]+-[a-z]+[0-9]+|nam[0-9]+|eur[0-9]+)?$", var.firestore_location))
    error_message = "firestore_location must be a region, a multi-region such as nam5 or eur3, or empty."
  }
}

variable "base_model" {
  description = "The base model that settings/defaults starts with. People change it there afterwards."
  type        = string
  nullable    = false
  default     = "gemini-2.5-flash"

  validation {
    condition     = can(regex("^gemini-[0-9]", var.base_model))
    error_message = "base_model must be a Gemini model's id, as in gemini-2.5-flash."
  }

  validation {
    condition     = !startswith(var.base_model, "gemini-3") || contains(["us-central1", "europe-west4"], var.region)
    error_message = "Gemini 3.x is tuned in us-central1 and europe-west4 only: set region to one of them, or take a 2.x model."
  }
}

variable "max_concurrent_jobs" {
  description = "How many tuning jobs may run at once; the rest wait. No more than the project's quota for concurrent tuning jobs."
  type        = number
  nullable    = false
  default     = 1

  validation {
    condition     = var.max_concurrent_jobs >= 1 && var.max_concurrent_jobs <= 100 && floor(var.max_concurrent_jobs) == var.max_concurrent_jobs
    error_message = "max_concurrent_jobs must be a whole number from 1 to 100."
  }
}

variable "questions_a_tick" {
  description = "How many recordings models are asked about in one tick, at most: about as many a minute, while a run is measured."
  type        = number
  nullable    = false
  default     = 120

  validation {
    condition     = var.questions_a_tick >= 1 && var.questions_a_tick <= 10000 && floor(var.questions_a_tick) == var.questions_a_tick
    error_message = "questions_a_tick must be a whole number from 1 to 10,000."
  }
}

variable "sweep_hours" {
  description = "Hours between the starts of two passes over the intake bucket, which take in what no event told of and close the ledgers."
  type        = number
  nullable    = false
  default     = 24

  validation {
    condition     = var.sweep_hours >= 1 && var.sweep_hours <= 168 && floor(var.sweep_hours) == var.sweep_hours
    error_message = "sweep_hours must be a whole number from 1 to 168, a week."
  }
}

variable "tuning_agent_exists" {
  description = "Whether the project has had its first tuning job. Google makes the tuning agent with it, and nothing can be granted to the agent before: leave false at first, set true afterwards, and jobs run under an account of ours."
  type        = bool
  nullable    = false
  default     = false
}

variable "alert_emails" {
  description = "Addresses that alerts are mailed to."
  type        = set(string)
  nullable    = false
  default     = []

  validation {
    condition     = alltrue([for address in var.alert_emails : can(regex("^[^@\\s]+@[^@\\s]+$", address))])
    error_message = "alert_emails must be e-mail addresses."
  }
}

variable "notification_channels" {
  description = "Notification channels that exist already and that alerts go to as well, as projects/PROJECT/notificationChannels/ID."
  type        = list(string)
  nullable    = false
  default     = []

  validation {
    condition     = alltrue([for channel in var.notification_channels : can(regex("^projects/[^/]+/notificationChannels/[^/]+$", channel))])
    error_message = "notification_channels must be full names: projects/PROJECT/notificationChannels/ID."
  }
}

variable "waiting_hours" {
  description = "A pair whose other half has not come for so many hours raises an alert."
  type        = number
  nullable    = false
  default     = 48

  validation {
    condition     = var.waiting_hours > 0
    error_message = "waiting_hours must be more than 0."
  }
}

variable "promotion_days" {
  description = "A dataset in whose alias nothing was promoted for so many days raises an alert."
  type        = number
  nullable    = false
  default     = 30

  validation {
    condition     = var.promotion_days > 0
    error_message = "promotion_days must be more than 0."
  }
}

variable "traces" {
  description = "Where the functions send their traces: otlp (to Google's Telemetry API), console (into their logs), or file:PATH. Null: nowhere."
  type        = string
  default     = null

  validation {
    condition     = var.traces == null || can(regex("^(otlp|console|file:.+)$", var.traces))
    error_message = "traces must be otlp, console, file: with a path behind it, or null."
  }
}

variable "kms_key" {
  description = "A key of your own for the buckets, the topics and the database, as projects/P/locations/L/keyRings/R/cryptoKeys/K. Empty: Google's keys. Only with 2.x models, because 3.x takes no such key."
  type        = string
  nullable    = false
  default     = ""

  validation {
    condition     = can(regex("^(projects/[^/]+/locations/[^/]+/keyRings/[^/]+/cryptoKeys/[^/]+)?$", var.kms_key))
    error_message = "kms_key must be a key's full name: projects/P/locations/L/keyRings/R/cryptoKeys/K."
  }

  validation {
    condition     = var.kms_key == "" || startswith(var.base_model, "gemini-2.")
    error_message = "A key of your own goes with Gemini 2.x only: tuning 3.x takes none. Leave kms_key empty, or take a 2.x base_model."
  }

  validation {
    condition     = var.kms_key == "" || try(split("/", var.kms_key)[3], "") == var.region
    error_message = "kms_key must lie in region: buckets take a key of their own location only."
  }

  validation {
    condition     = var.kms_key == "" || contains(["", var.region], var.firestore_location)
    error_message = "With kms_key the database lies in region: leave firestore_location empty."
  }
}
