/* A block comment
   with "quotes", <<EOT and { braces. */
resource "aws_security_group" "web" { # trailing
  name = "web" // another
  dynamic "ingress" {
    for_each = toset([80, 443])
    iterator = port
    content {
      from_port = port.value
      to_port   = port.value /* inline */
    }
  }
  tags = { Name = "web", /* between */ Team = "core", }
}
module "single" { source = "./modules/single" }
data "aws_ami" "x" {}
