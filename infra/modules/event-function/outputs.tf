output "name" {
  description = "The function's name, and its Cloud Run service's."
  value       = google_cloudfunctions2_function.this.name
}

output "member" {
  description = "The function's account, as a member of IAM policies."
  value       = google_service_account.function.member
}
