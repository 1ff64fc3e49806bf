check "health" {
  data "http" "page" { url = "https://example.com" }
  assert {
    condition     = data.http.page.status_code == 200
    error_message = "${data.http.page.url} answered with ${data.http.page.status_code}"
  }
}
resource "terraform_data" "a" {
  input = self.input
  lifecycle {
    precondition {
      condition     = 1 == 1
      error_message = "no"
    }
    ignore_changes       = [input, tags["x"]]
    replace_triggered_by = [terraform_data.b.id]
  }
  provisioner "local-exec" {
    when    = destroy
    command = "echo ${self.id}"
  }
}
