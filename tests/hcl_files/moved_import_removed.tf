moved {
  from = terraform_data.old
  to   = module.app.terraform_data.new["a"]
}
import {
  for_each = { a = "one" }
  to       = terraform_data.imported[each.key]
  id       = each.value
}
removed {
  from = terraform_data.gone
  lifecycle {
    destroy = false
  }
}
resource "terraform_data" "imported" {
  for_each = { a = "one" }
  input    = each.key
}
