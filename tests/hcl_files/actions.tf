action "aws_lambda_invoke" "warm" {
  config {
    function_name = "warm"
    payload       = jsonencode({ at = timestamp() })
  }
}
resource "terraform_data" "a" {
  lifecycle {
    action_trigger {
      events  = [after_create, after_update]
      actions = [action.aws_lambda_invoke.warm]
    }
  }
}
