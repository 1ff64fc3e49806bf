variables {
  stage = "test"
}
run "plan" {
  command = plan
  assert {
    condition     = output.a == "hi ${var.stage}"
    error_message = "wrong"
  }
}
