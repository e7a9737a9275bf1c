output "approvals" {
  description = "Where builds wait to be approved."
  value       = "https://console.cloud.google.com/cloud-build/builds;region=${var.region}?project=${var.project_id}"
}
