variable "session" {
  type      = string
  ephemeral = true
  default   = null
}
ephemeral "random_password" "db" {
  length = 16
}
resource "aws_db_instance" "db" {
  password_wo         = ephemeral.random_password.db.result
  password_wo_version = 1
}
output "token" {
  value     = var.session
  ephemeral = true
}
