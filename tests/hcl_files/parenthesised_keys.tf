locals {
  name = "a"
  tags = {
    (local.name) = 1
    (local.name) = 2
  }
}
